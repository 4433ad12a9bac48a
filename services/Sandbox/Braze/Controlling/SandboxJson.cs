using System.Text.Json.Serialization;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>JSON of the control API: snake_case throughout, enumerations by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DictionaryKeyPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [
        typeof(SnakeCaseEnum<FaultKind>), typeof(SnakeCaseEnum<JournalMode>), typeof(SnakeCaseEnum<LimitDialect>), typeof(SnakeCaseEnum<LimitGroup>)])]
[JsonSerializable(typeof(BrazeKey))]
[JsonSerializable(typeof(BrazeSettings))]
[JsonSerializable(typeof(BrazeSegment))]
[JsonSerializable(typeof(IReadOnlyList<BrazeSegment>))]
[JsonSerializable(typeof(FaultRule))]
[JsonSerializable(typeof(IReadOnlyList<FaultRule>))]
[JsonSerializable(typeof(CountersView))]
[JsonSerializable(typeof(JournalPage))]
[JsonSerializable(typeof(UserPage))]
[JsonSerializable(typeof(SandboxUser))]
[JsonSerializable(typeof(UsersDigest))]
[JsonSerializable(typeof(IReadOnlyList<KeyView>))]
internal sealed partial class SandboxJson : JsonSerializerContext;
