using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar.Publishing;
using Dapr.Runtime.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>Takes an event apart as the app gets it.</summary>
internal static class TopicEvent
{
    // What has a field of its own. Topic and component have one, too, and are told twice nevertheless.
    private static readonly HashSet<string> Fields = ["id", "source", "datacontenttype", "type", "specversion", "data", "data_base64"];

    /// <exception cref="FormatException">The data don't fit what the event says about them.</exception>
    public static TopicEventRequest Create(JsonObject cloudEvent, SidecarSubscription subscription, string path)
    {
        var request = new TopicEventRequest
        {
            Id = Text(cloudEvent, "id"),
            Source = Text(cloudEvent, "source"),
            Type = Text(cloudEvent, "type"),
            SpecVersion = Text(cloudEvent, "specversion"),
            DataContentType = Text(cloudEvent, "datacontenttype"),
            Topic = subscription.Topic,
            PubsubName = subscription.PubSub,
            Path = path,
            Extensions = new Struct(),
        };
        request.Data = DataOf(cloudEvent, request.DataContentType);
        foreach (var (name, value) in cloudEvent.Where(member => !Fields.Contains(member.Key)))
        {
            request.Extensions.Fields[name] = Value.Parser.ParseJson(value?.ToJsonString() ?? "null");
        }

        return request;
    }

    /// <summary>Empty for what is no text.</summary>
    public static string Text(JsonObject cloudEvent, string name) => cloudEvent[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    // Content that is neither text nor JSON by its type is not handed over at all, nor is that of an event without a type.
    private static ByteString DataOf(JsonObject cloudEvent, string contentType)
    {
        if (cloudEvent["data_base64"] is not null)
        {
            return ByteString.CopyFrom(Convert.FromBase64String(Text(cloudEvent, "data_base64")));
        }

        var data = cloudEvent["data"];
        return data switch
        {
            null => ByteString.Empty,
            JsonValue value when MediaType.IsText(contentType) && value.TryGetValue<string>(out var text) => ByteString.CopyFromUtf8(text),
            _ when MediaType.IsText(contentType) => throw new FormatException("unexpected data type encountered in envelope"),
            _ when MediaType.IsJson(contentType) || MediaType.IsCloudEvent(contentType) => ByteString.CopyFromUtf8(JsonAsGo.Write(data)),
            _ => ByteString.Empty,
        };
    }
}
