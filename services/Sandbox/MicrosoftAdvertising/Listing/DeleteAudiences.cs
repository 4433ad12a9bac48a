using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>DELETE Audiences, with the ids in a JSON body.</summary>
internal static class DeleteAudiences
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.DeleteAudiencesRequest);
        if ((refusal ?? RefuseIds(call, request!.AudienceIds)) is { } refused)
        {
            return refused;
        }

        var errors = new List<PartialError>();
        lock (call.Sandbox.Gate)
        {
            var ids = request!.AudienceIds!;
            for (var i = 0; i < ids.Count; i++)
            {
                if (WireNumber.Parse(ids[i]) is not { } id || call.Sandbox.Lists.Find(id, call.Account!) is not { } list || !call.Sandbox.Lists.Remove(list))
                {
                    errors.Add(new PartialError(VendorErrors.InvalidAudienceId, i, "AudienceIds"));
                }
            }
        }

        call.Items = request.AudienceIds!.Count;
        call.Rejected = errors.Count;
        call.Accepted = call.Items - errors.Count;
        call.Committed = call.Accepted > 0;
        call.ListId = request.AudienceIds is [{ } only] ? WireNumber.Parse(only) : null;
        call.Errors.UnionWith(errors.Select(e => e.Code));
        return JsonAnswers.Write(StatusCodes.Status200OK, errors, static (writer, partial) => Faults.WritePartialErrors(writer, partial));
    }

    /// <summary>1 to 100 ids, each once.</summary>
    public static VendorAnswer? RefuseIds(MicrosoftAdvertisingCall call, IReadOnlyList<string?>? ids) => ids switch
    {
        null or [] => Faults.Whole(call, VendorErrors.AudienceIdsEmpty),
        { Count: > AddAudiences.MaxAudiences } => Faults.Whole(call, VendorErrors.TooManyAudienceIds),
        _ when ids.Distinct(StringComparer.Ordinal).Count() < ids.Count => Faults.Whole(call, VendorErrors.DuplicateAudienceId),
        _ => null,
    };
}
