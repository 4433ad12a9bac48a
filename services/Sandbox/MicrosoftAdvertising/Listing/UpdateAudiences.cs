using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>
/// PUT Audiences: what is absent stays. The vendor's pages disagree whether it takes customer lists; a setting decides.
/// </summary>
internal static class UpdateAudiences
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.AudiencesRequest);
        if ((refusal ?? AddAudiences.RefuseCount(call, request)) is { } refused)
        {
            return refused;
        }

        var errors = new List<PartialError>();
        lock (call.Sandbox.Gate)
        {
            for (var i = 0; i < request!.Audiences!.Count; i++)
            {
                if (Update(call, request.Audiences[i]) is var (code, field))
                {
                    errors.Add(new PartialError(code, i, field));
                }
            }
        }

        call.Items = request.Audiences.Count;
        call.Rejected = errors.Count;
        call.Accepted = call.Items - errors.Count;
        call.Committed = call.Accepted > 0;
        call.ListId = request.Audiences is [{ Id: { } only }] ? WireNumber.Parse(only) : null;
        call.Errors.UnionWith(errors.Select(e => e.Code));
        return JsonAnswers.Write(StatusCodes.Status200OK, errors, static (writer, partial) => Faults.WritePartialErrors(writer, partial));
    }

    private static (int Code, string? Field)? Update(MicrosoftAdvertisingCall call, SentAudience? sent)
    {
        if (sent is null)
        {
            return (VendorErrors.AudienceIsNull, null);
        }

        if (sent.Id is null)
        {
            return (VendorErrors.AudienceIdIsNull, "Id");
        }

        if (WireNumber.Parse(sent.Id) is not { } id || call.Sandbox.Lists.Find(id, call.Account!) is not { } list)
        {
            return (VendorErrors.InvalidAudienceId, "Id");
        }

        if (sent.Type != "CustomerList" || !call.Sandbox.Settings.UpdatesCustomerLists)
        {
            return (VendorErrors.AudienceType, "Type");
        }

        var scope = sent.Scope is null ? list.Scope : AudienceRules.ScopeOf(sent.Scope);
        var problem = ProblemOf(call, sent, list, scope);
        if (problem is null)
        {
            list.Name = sent.Name?.Trim() ?? list.Name;
            list.Description = sent.Description ?? list.Description;
            list.MembershipDuration = sent.MembershipDuration ?? list.MembershipDuration;
            list.Scope = scope!.Value;
        }

        return problem;
    }

    private static (int Code, string? Field)? ProblemOf(MicrosoftAdvertisingCall call, SentAudience sent, CustomerList list, ListScope? scope) => sent switch
    {
        _ when sent.Name is not null && !AudienceRules.IsName(sent.Name) => (VendorErrors.AudienceName, "Name"),
        _ when !AudienceRules.IsDescription(sent.Description) => (VendorErrors.AudienceDescription, "Description"),
        _ when sent.MembershipDuration is { } days && !AudienceRules.IsDuration(days) => (VendorErrors.MembershipDuration, "MembershipDuration"),
        _ when scope is null => (VendorErrors.AudienceScope, "Scope"),

        // A list may widen from account to customer, never narrow.
        _ when list.Scope == ListScope.Customer && scope == ListScope.Account => (VendorErrors.ScopeChange, "Scope"),
        _ when sent.Name is not null && call.Sandbox.Lists.IsTaken(sent.Name.Trim(), call.Account!, list) => (VendorErrors.DuplicateAudienceName, "Name"),
        _ => null,
    };
}
