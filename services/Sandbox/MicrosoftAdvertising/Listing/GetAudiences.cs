using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>POST Audiences/QueryByIds: the named lists, or without ids all that the account sees.</summary>
internal static class GetAudiences
{
    private static readonly string[] CampaignTypes = ["Audience", "DynamicSearchAds", "Search", "Shopping"];

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.GetAudiencesRequest);

        // The page of the operation takes an empty array for null; a live client saw it refused.
        if ((refusal ?? (request!.AudienceIds is { } some ? DeleteAudiences.RefuseIds(call, some) : null)) is { } refused)
        {
            return refused;
        }

        // Several types are one text with spaces between them.
        if (request!.Type?.Split(' ').Contains("CustomerList") != true)
        {
            return request.Type is null ? Faults.Whole(call, VendorErrors.AudienceType) : Answer(call, [], []);
        }

        lock (call.Sandbox.Gate)
        {
            if (request.AudienceIds is not { } ids)
            {
                return Answer(call, [.. call.Sandbox.Lists.VisibleTo(call.Account!)], []);
            }

            var lists = ids.Select(i => WireNumber.Parse(i) is { } id ? call.Sandbox.Lists.Find(id, call.Account!) : null).ToList();
            var errors = lists.Select((list, i) => (list, i)).Where(f => f.list is null)
                .Select(f => new PartialError(VendorErrors.InvalidAudienceId, f.i, "AudienceIds")).ToList();
            return Answer(call, lists, errors);
        }
    }

    private static VendorAnswer Answer(MicrosoftAdvertisingCall call, List<CustomerList?> lists, List<PartialError> errors)
    {
        call.Items = lists.Count;
        call.Rejected = errors.Count;
        call.Errors.UnionWith(errors.Select(e => e.Code));
        return JsonAnswers.Write(StatusCodes.Status200OK, (call, lists, errors), static (writer, state) =>
        {
            writer.WriteStartArray("Audiences"u8);
            foreach (var list in state.lists)
            {
                Write(writer, list, state.call);
            }

            writer.WriteEndArray();
            Faults.WritePartialErrors(writer, state.errors);
        });
    }

    private static void Write(Utf8JsonWriter writer, CustomerList? list, MicrosoftAdvertisingCall call)
    {
        if (list is null)
        {
            writer.WriteNullValue();
            return;
        }

        var size = list.KnownSize(call.Now, call.Sandbox.Settings.SizeDelayHours) is { } known ? WireNumber.Text(known) : null;
        writer.WriteStartObject();
        writer.WriteString("AudienceNetworkSize"u8, size);
        writer.WriteNull("CustomerShare"u8);
        writer.WriteString("Description"u8, list.Description);
        writer.WriteStartArray("ForwardCompatibilityMap"u8);
        writer.WriteEndArray();
        writer.WriteString("Id"u8, WireNumber.Text(list.Id));
        writer.WriteNumber("MembershipDuration"u8, list.MembershipDuration);
        writer.WriteString("Name"u8, list.Name);
        writer.WriteString("ParentId"u8, WireNumber.Text(list.ParentId));
        writer.WriteString("Scope"u8, list.Scope.ToString());
        writer.WriteString("SearchSize"u8, size);
        writer.WriteStartArray("SupportedCampaignTypes"u8);
        foreach (var type in CampaignTypes)
        {
            writer.WriteStringValue(type);
        }

        writer.WriteEndArray();
        writer.WriteString("Type"u8, "CustomerList"u8);
        writer.WriteEndObject();
    }
}
