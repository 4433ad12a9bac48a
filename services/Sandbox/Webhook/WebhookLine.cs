using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CustomerInsights.Sandbox.Webhook;

/// <summary>A line of a request.</summary>
/// <param name="Fields">What is told of a member; null when the line takes somebody out.</param>
internal sealed record WebhookLine(string Audience, string Key, JsonObject? Fields)
{
    /// <summary>The lines of a body, in their order; null where one is none.</summary>
    public static IReadOnlyList<WebhookLine?> Read(ReadOnlySpan<byte> body)
    {
        var lines = new List<WebhookLine?>();
        foreach (var range in body.Split((byte)'\n'))
        {
            if (body[range] is { Length: > 0 } line)
            {
                lines.Add(Parse(Encoding.UTF8.GetString(line)));
            }
        }

        return lines;
    }

    private static WebhookLine? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject line && Text(line, "audience") is { } audience && Text(line, "key") is { } key
                ? (Text(line, "op"), line["fields"]) switch
                {
                    ("add" or "change", JsonObject fields) => new WebhookLine(audience, key, (JsonObject)fields.DeepClone()),
                    ("remove", null) => new WebhookLine(audience, key, null),
                    _ => null,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonObject line, string name) => line[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
