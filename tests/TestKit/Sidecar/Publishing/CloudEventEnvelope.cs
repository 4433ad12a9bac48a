using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>Where an event comes from and goes to.</summary>
internal sealed record EventRoute(string AppId, string PubSub, string Topic, TraceContext Trace, DateTimeOffset Now);

/// <summary>Makes the event that goes to the broker of what an app has published.</summary>
internal static class CloudEventEnvelope
{
    private const string DefaultType = "com.dapr.event.sent";

    /// <summary>Wraps content, or completes a ready event.</summary>
    /// <exception cref="JsonException">The content says it is an event, and is none.</exception>
    public static JsonObject Create(ReadOnlyMemory<byte> content, string contentType, IReadOnlyDictionary<string, string> metadata, EventRoute route) =>
        MediaType.IsCloudEvent(contentType) ? Complete(Read(content), route) : Wrap(content, contentType, metadata, route);

    /// <summary>The event that a subscriber of raw payloads gets: its id is new at each delivery.</summary>
    public static JsonObject OfRawPayload(ReadOnlyMemory<byte> content, string pubSub, string topic) => new()
    {
        ["id"] = NewId(),
        ["specversion"] = "1.0",
        ["datacontenttype"] = MediaType.OctetStream,
        ["source"] = "Dapr",
        ["type"] = DefaultType,
        ["topic"] = topic,
        ["pubsubname"] = pubSub,
        ["data_base64"] = Convert.ToBase64String(content.Span),
    };

    /// <summary>Reads an object; of members of the same name the last counts, and numbers keep their digits.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonObject Read(ReadOnlyMemory<byte> content)
    {
        using var document = JsonDocument.Parse(content);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("The event is no object.");
        }

        var read = new JsonObject();
        foreach (var member in document.RootElement.EnumerateObject())
        {
            read[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }

        return read;
    }

    /// <summary>Notes when the event is no longer wanted, for a broker that does not look after that.</summary>
    public static void Expire(JsonObject cloudEvent, IReadOnlyDictionary<string, string> metadata, DateTimeOffset now)
    {
        if (TimeToLive(metadata) is { } time)
        {
            cloudEvent["expiration"] = Format((now + time).ToUniversalTime());
        }
    }

    /// <summary>Null when there is none, or none that makes sense.</summary>
    public static TimeSpan? TimeToLive(IReadOnlyDictionary<string, string> metadata) =>
        int.TryParse(metadata.GetValueOrDefault("ttlInSeconds"), CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;

    private static JsonObject Complete(JsonObject cloudEvent, EventRoute route)
    {
        // One test for two fields: whoever sends a traceparent without a traceid loses it.
        if (cloudEvent["traceid"] is null)
        {
            cloudEvent["traceid"] = route.Trace.Parent;
            cloudEvent["traceparent"] = route.Trace.Parent;
        }

        cloudEvent["tracestate"] ??= route.Trace.State;
        cloudEvent["topic"] = route.Topic;
        cloudEvent["pubsubname"] = route.PubSub;
        cloudEvent["time"] ??= Format(route.Now);
        cloudEvent["source"] ??= "Dapr";
        cloudEvent["type"] ??= DefaultType;
        cloudEvent["specversion"] ??= "1.0";
        return cloudEvent;
    }

    private static JsonObject Wrap(ReadOnlyMemory<byte> content, string contentType, IReadOnlyDictionary<string, string> metadata, EventRoute route)
    {
        string Chosen(string name, string otherwise) => metadata.GetValueOrDefault($"cloudevent.{name}") is { Length: > 0 } chosen ? chosen : otherwise;

        var parent = Chosen("traceparent", Chosen("traceid", route.Trace.Parent));
        var wrapped = new JsonObject
        {
            ["id"] = Chosen("id", NewId()),
            ["specversion"] = "1.0",
            ["datacontenttype"] = contentType,
            ["source"] = Chosen("source", route.AppId),
            ["type"] = Chosen("type", DefaultType),
            ["topic"] = route.Topic,
            ["pubsubname"] = route.PubSub,
            ["time"] = Format(route.Now),
            ["traceid"] = Chosen("traceid", parent),
            ["traceparent"] = parent,
            ["tracestate"] = Chosen("tracestate", route.Trace.State),
        };
        if (Chosen("subject", "") is { Length: > 0 } subject)
        {
            wrapped["subject"] = subject;
        }

        if (MediaType.IsBinary(contentType))
        {
            wrapped["data_base64"] = Convert.ToBase64String(content.Span);
        }
        else
        {
            wrapped["data"] = MediaType.IsJson(contentType) ? JsonOrText(content) : Encoding.UTF8.GetString(content.Span);
        }

        return wrapped;
    }

    private static JsonNode? JsonOrText(ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonNode.Parse(content.Span);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(content.Span);
        }
    }

    private static string NewId() => new Guid(RandomNumberGenerator.GetBytes(16)).ToString();

    private static string Format(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal);
}
