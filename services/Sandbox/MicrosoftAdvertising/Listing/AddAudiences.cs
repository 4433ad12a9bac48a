using System.Globalization;
using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>POST Audiences: 1 to 100 lists; those that cannot be made have no id, and an error at their index.</summary>
internal static class AddAudiences
{
    public const int MaxAudiences = 100;

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.AudiencesRequest);
        if ((refusal ?? RefuseCount(call, request)) is { } refused)
        {
            return refused;
        }

        var ids = new List<long?>();
        var errors = new List<PartialError>();
        lock (call.Sandbox.Gate)
        {
            for (var i = 0; i < request!.Audiences!.Count; i++)
            {
                var problem = ProblemOf(call, request.Audiences[i]);
                ids.Add(problem is null ? Create(call, request.Audiences[i]!).Id : null);
                if (problem is var (code, field))
                {
                    errors.Add(new PartialError(code, i, field));
                }
            }
        }

        call.Items = ids.Count;
        call.Rejected = errors.Count;
        call.Accepted = ids.Count - errors.Count;
        call.Committed = call.Accepted > 0;
        call.ListId = ids is [{ } only] ? only : null;
        call.Errors.UnionWith(errors.Select(e => e.Code));
        return JsonAnswers.Write(StatusCodes.Status200OK, (ids, errors), static (writer, state) =>
        {
            WriteIds(writer, state.ids);
            Faults.WritePartialErrors(writer, state.errors);
        });
    }

    public static VendorAnswer? RefuseCount(MicrosoftAdvertisingCall call, AudiencesRequest? request) => request!.Audiences switch
    {
        null or [] => Faults.Whole(call, VendorErrors.AudiencesEmpty),
        { Count: > MaxAudiences } => Faults.Whole(call, VendorErrors.TooManyAudiences),
        _ => null,
    };

    private static void WriteIds(Utf8JsonWriter writer, List<long?> ids)
    {
        writer.WriteStartArray("AudienceIds"u8);
        foreach (var id in ids)
        {
            writer.WriteStringValue(id?.ToString(CultureInfo.InvariantCulture));
        }

        writer.WriteEndArray();
    }

    private static (int Code, string? Field)? ProblemOf(MicrosoftAdvertisingCall call, SentAudience? sent)
    {
        if (sent is null)
        {
            return (VendorErrors.AudienceIsNull, null);
        }

        var scope = sent.Scope is null ? ListScope.Account : AudienceRules.ScopeOf(sent.Scope);
        return sent switch
        {
            { Type: not "CustomerList" } => (VendorErrors.AudienceType, "Type"),
            { Id: not null } => (VendorErrors.AudienceIdIsNotNull, "Id"),
            _ when !AudienceRules.IsName(sent.Name) => (VendorErrors.AudienceName, "Name"),
            _ when !AudienceRules.IsDescription(sent.Description) => (VendorErrors.AudienceDescription, "Description"),
            _ when sent.MembershipDuration is { } days && !AudienceRules.IsDuration(days) => (VendorErrors.MembershipDuration, "MembershipDuration"),
            _ when scope is null => (VendorErrors.AudienceScope, "Scope"),
            _ when sent.ParentId is not null && !(WireNumber.Parse(sent.ParentId) is { } parent && AudienceRules.IsParent(parent, scope.Value, call.Account!)) =>
                (VendorErrors.AudienceParentId, "ParentId"),
            _ when call.Sandbox.Lists.IsTaken(sent.Name!.Trim(), call.Account!, except: null) => (VendorErrors.DuplicateAudienceName, "Name"),
            _ => null,
        };
    }

    private static CustomerList Create(MicrosoftAdvertisingCall call, SentAudience sent)
    {
        var list = call.Sandbox.Lists.Create(call.Account!, sent.Name!.Trim(), call.Now);
        list.Description = sent.Description;
        list.MembershipDuration = sent.MembershipDuration ?? AudienceRules.DefaultDuration;
        list.Scope = AudienceRules.ScopeOf(sent.Scope) ?? ListScope.Account;
        return list;
    }
}
