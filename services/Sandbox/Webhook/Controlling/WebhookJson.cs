using System.Text.Json.Serialization;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Webhook.Controlling;

/// <summary>JSON of the control API: snake_case throughout, enumerations by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(SnakeCaseEnum<FaultKind>)])]
[JsonSerializable(typeof(WebhookSettings))]
[JsonSerializable(typeof(FaultRule))]
[JsonSerializable(typeof(IReadOnlyList<FaultRule>))]
[JsonSerializable(typeof(IReadOnlyList<WebhookMember>))]
[JsonSerializable(typeof(IReadOnlyList<WebhookJournalEntry>))]
internal sealed partial class WebhookJson : JsonSerializerContext;
