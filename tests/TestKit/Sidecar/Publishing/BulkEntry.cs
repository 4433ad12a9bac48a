using System.Text;
using System.Text.Json;

namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>One event of a bulk request.</summary>
internal sealed record BulkEntry(string Id, ReadOnlyMemory<byte> Content, string ContentType, IReadOnlyDictionary<string, string>? Metadata)
{
    /// <summary>The entries, or why there are none.</summary>
    /// <param name="body">Null when it was too large.</param>
    public static (IReadOnlyList<BulkEntry>? Entries, string Why) Read(byte[]? body)
    {
        try
        {
            using var document = JsonDocument.Parse(body ?? throw new JsonException("http: request body too large"));
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return (null, "the request is no array");
            }

            var entries = document.RootElement.EnumerateArray().Select(Read).ToList();
            return entries.Exists(entry => entry.Id.Length == 0) || entries.DistinctBy(entry => entry.Id).Count() < entries.Count
                ? (null, "error: entryId is duplicated or not present for entry")
                : (entries, "");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return (null, exception.Message);
        }
    }

    private static BulkEntry Read(JsonElement entry)
    {
        var contentType = Member(entry, "contentType")?.GetString() ?? "";
        var content = Member(entry, "event");
        return new BulkEntry(
            Member(entry, "entryId")?.GetString() ?? "",
            content is { } value ? Bytes(value, contentType) : default,
            contentType.Length == 0 ? "text/plain" : contentType,
            Member(entry, "metadata") is { ValueKind: JsonValueKind.Object } metadata
                ? metadata.EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString() ?? "")
                : null);
    }

    // Names of members are compared without regard to case, as Go does: the official SDK for JavaScript relies on it.
    private static JsonElement? Member(JsonElement entry, string name)
    {
        foreach (var member in entry.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return member.Value;
            }
        }

        return null;
    }

    private static byte[] Bytes(JsonElement content, string contentType) => (content.ValueKind == JsonValueKind.String) switch
    {
        true when MediaType.IsBinary(contentType) => content.GetBytesFromBase64(),
        true when !MediaType.IsJson(contentType) && !MediaType.IsCloudEvent(contentType) => Encoding.UTF8.GetBytes(content.GetString()!),
        _ => Encoding.UTF8.GetBytes(content.GetRawText()),
    };
}
