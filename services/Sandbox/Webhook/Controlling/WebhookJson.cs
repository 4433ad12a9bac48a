using System.Text.Json;
using System.Text.Json.Serialization;

namespace CustomerInsights.Sandbox.Webhook.Controlling;

/// <summary>JSON of the control API: snake_case throughout, enumerations by name.</summary>
internal static class WebhookJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };
}
