using System.Buffers;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>
/// The JSON of the REST API (https://learn.microsoft.com/advertising/guides): names in Pascal case, 64-bit numbers as text. The consent flag
/// AcceptCustomerMatchTerm is never written: the terms are accepted by people (D-13).
/// </summary>
internal static class MicrosoftAdvertisingWire
{
    private const string Type = "CustomerList";
    private const int LongestId = 19;

    public static byte[] Apply(string listId, DeliveryBatch batch) => Write(json =>
    {
        json.WriteStartObject("CustomerListUserData");
        json.WriteString("ActionType", batch.Kind == DeliveryKind.Upsert ? "Add" : "Remove");
        json.WriteString("AudienceId", listId);
        json.WriteString("CustomerListItemSubType", "Email");
        json.WriteStartArray("CustomerListItems");
        foreach (var operation in batch.Operations)
        {
            json.WriteStringValue(operation.Payload.Span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static byte[] AddAudience(WantedAudience audience) => Write(json =>
    {
        json.WriteStartArray("Audiences");
        WriteAudience(json, audience, id: null);
        json.WriteEndArray();
    });

    public static byte[] UpdateAudience(WantedAudience audience, string id) => Write(json =>
    {
        json.WriteStartArray("Audiences");
        WriteAudience(json, audience, id);
        json.WriteEndArray();
    });

    /// <summary>Asks for audiences by id, or for all when there is none: an empty array would be refused.</summary>
    public static byte[] QueryAudiences(IReadOnlyCollection<string> ids) => Write(json =>
    {
        if (ids.Count == 0)
        {
            json.WriteNull("AudienceIds");
        }
        else
        {
            json.WriteStartArray("AudienceIds");
            foreach (var id in ids)
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
        }

        json.WriteString("Type", Type);
        json.WriteNull("ReturnAdditionalFields");
    });

    public static byte[] ReserveUpload(string accountId) => Write(json =>
    {
        json.WriteString("ResponseMode", "ErrorsOnly");
        json.WriteString("AccountId", accountId);
    });

    public static byte[] AskUpload(string requestId) => Write(json => json.WriteString("RequestId", requestId));

    /// <summary>
    /// Audiences of an answer; places that hold none are left out. An audience that is left out counts as deleted, so an answer that
    /// does not say clearly what there is, is a problem.
    /// </summary>
    public static (RemoteAudience[] Audiences, Fault? Problem) ReadAudiences(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("Audiences", out var audiences) || audiences.ValueKind != JsonValueKind.Array)
        {
            return ([], Fault.Lost);
        }

        var found = ReadAudiences(audiences.EnumerateArray());
        if (!found.All(audience => IsListId(audience.Id)))
        {
            return ([], Fault.Lost);
        }

        var problem = MicrosoftAdvertisingOutcomes.ArrayOf(body, "PartialErrors")
            .Select(error => MicrosoftAdvertisingOutcomes.CodeOf(error) is { } code ? MicrosoftAdvertisingOutcomes.OfCode(code) : null)
            .FirstOrDefault(fault => fault is not null && fault.Reason != MicrosoftAdvertisingReasons.AudienceMissing);
        return (found, problem);
    }

    /// <summary>Whether a text from outside is the id of a list: a 64-bit number. It is written into files and calls.</summary>
    public static bool IsListId(string text) => text.Length is > 0 and <= LongestId && text.All(char.IsAsciiDigit);

    private static RemoteAudience[] ReadAudiences(IEnumerable<JsonElement> audiences) =>
    [
        .. audiences
            .Where(audience => audience.ValueKind == JsonValueKind.Object)
            .Select(audience => new RemoteAudience(
                ForeignAnswer.Text(audience, "Id") ?? "",
                ForeignAnswer.Text(audience, "Name") ?? "",
                ForeignAnswer.Text(audience, "Description") ?? "",
                MicrosoftAdvertisingOutcomes.NumberOf(audience, "MembershipDuration")))
            .Where(audience => audience.Id.Length > 0),
    ];

    private static void WriteAudience(Utf8JsonWriter json, WantedAudience audience, string? id)
    {
        json.WriteStartObject();
        json.WriteString("Type", Type);
        if (id is not null)
        {
            json.WriteString("Id", id);
        }

        json.WriteString("Name", audience.Name);
        json.WriteString("Description", audience.Description);
        json.WriteNumber("MembershipDuration", audience.MembershipDuration);
        json.WriteString("Scope", "Customer");
        json.WriteString("ParentId", audience.CustomerId);
        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>An audience as it is wanted.</summary>
/// <param name="MembershipDuration">In days, or -1 (MSA-26).</param>
internal sealed record WantedAudience(string CustomerId, string Name, string Description, int MembershipDuration);

/// <summary>An audience as Microsoft Advertising has it.</summary>
internal sealed record RemoteAudience(string Id, string Name, string Description, int? MembershipDuration);
