using System.Text.Json.Serialization;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>JSON of the control API: snake_case throughout, enumerations by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(SnakeCaseEnum<FaultKind>), typeof(SnakeCaseEnum<JournalMode>), typeof(SnakeCaseEnum<ListScope>)])]
[JsonSerializable(typeof(AdAccount))]
[JsonSerializable(typeof(IReadOnlyList<AdAccount>))]
[JsonSerializable(typeof(AdUser))]
[JsonSerializable(typeof(IReadOnlyList<AdUser>))]
[JsonSerializable(typeof(MicrosoftAdvertisingSettings))]
[JsonSerializable(typeof(FaultRule))]
[JsonSerializable(typeof(IReadOnlyList<FaultRule>))]
[JsonSerializable(typeof(MicrosoftAdvertisingCountersView))]
[JsonSerializable(typeof(MicrosoftAdvertisingJournalPage))]
[JsonSerializable(typeof(ListView))]
[JsonSerializable(typeof(IReadOnlyList<ListView>))]
[JsonSerializable(typeof(NewList))]
[JsonSerializable(typeof(NewMembers))]
[JsonSerializable(typeof(MembersDigest))]
[JsonSerializable(typeof(NewGrant))]
[JsonSerializable(typeof(GrantView))]
[JsonSerializable(typeof(RevokedGrants))]
internal sealed partial class MicrosoftAdvertisingJson : JsonSerializerContext;
