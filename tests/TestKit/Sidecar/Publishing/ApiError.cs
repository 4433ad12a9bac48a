using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>An error as the HTTP API answers it.</summary>
internal sealed record ApiError(int HttpStatus, string Code, string Message)
{
    /// <summary>Of the newer APIs: a reason in upper case, and the component it is about.</summary>
    private (string Reason, string Type, string Name)? Details { get; init; }

    public static ApiError PubSubNotConfigured(string name) => OfPubSub(400, "ERR_PUBSUB_NOT_CONFIGURED", "pubsub is not configured", "NOT_CONFIGURED", name);

    public static ApiError PubSubEmpty() => OfPubSub(404, "ERR_PUBSUB_EMPTY", "pubsub name is empty", "NAME_EMPTY", "");

    public static ApiError PubSubNotFound(string name) => OfPubSub(404, "ERR_PUBSUB_NOT_FOUND", $"pubsub {name} not found", "NOT_FOUND", name);

    public static ApiError TopicEmpty(string name) => OfPubSub(404, "ERR_TOPIC_NAME_EMPTY", $"topic is empty in pubsub {name}", "TOPIC_NAME_EMPTY", name);

    public static ApiError Metadata(string name, string why) =>
        OfPubSub(400, "ERR_PUBSUB_REQUEST_METADATA", $"failed deserializing metadata. Error: {why}", "METADATA_DESERIALIZATION", name);

    public static ApiError NoCloudEvent(string name) => OfPubSub(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent", "CLOUD_EVENT_CREATION", name);

    public static ApiError Forbidden(string name, string topic, string appId) =>
        OfPubSub(403, "ERR_PUBSUB_FORBIDDEN", $"topic {topic} is not allowed for app id {appId}", "FORBIDDEN", name);

    public static ApiError PublishFailed(string name, string topic, string why) =>
        OfPubSub(500, "ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic {topic} in pubsub {name}: {why}", "PUBLISH_MESSAGE", name);

    public static ApiError NoEvents(string name, string topic, string why) =>
        OfPubSub(400, "ERR_PUBSUB_EVENTS_SER", $"error when unmarshaling the request for topic {topic} pubsub {name}: {why}", "UNMARSHAL_EVENTS", name);

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["errorCode"] = Code, ["message"] = Message };
        if (Details is var (reason, type, name))
        {
            json["details"] = new JsonArray(
                new JsonObject
                {
                    ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo", ["domain"] = "dapr.io", ["reason"] = reason, ["metadata"] = new JsonObject(),
                },
                new JsonObject
                {
                    ["@type"] = "type.googleapis.com/google.rpc.ResourceInfo", ["resourceType"] = type, ["resourceName"] = name, ["owner"] = "", ["description"] = Message,
                });
        }

        return json;
    }

    public IResult ToResult() => Results.Json(ToJson(), statusCode: HttpStatus);

    private static ApiError OfPubSub(int httpStatus, string code, string message, string reason, string name) =>
        new(httpStatus, code, message) { Details = ($"DAPR_PUBSUB_{reason}", "pubsub", name) };
}
