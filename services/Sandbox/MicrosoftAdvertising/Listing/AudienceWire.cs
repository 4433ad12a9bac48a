using System.Text.Json.Serialization;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Finding;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>An audience as it is sent. 64-bit numbers are texts.</summary>
internal sealed record SentAudience
{
    public string? Type { get; init; }

    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public int? MembershipDuration { get; init; }

    public string? ParentId { get; init; }

    public string? Scope { get; init; }

    // Read-only; a client that sends back what it was given is not refused.
    public string? SearchSize { get; init; }

    public string? AudienceNetworkSize { get; init; }

    public IReadOnlyList<string>? SupportedCampaignTypes { get; init; }

    public IReadOnlyList<SentPair>? ForwardCompatibilityMap { get; init; }
}

internal sealed record SentPair(string? Key, string? Value);

internal sealed record AudiencesRequest(IReadOnlyList<SentAudience?>? Audiences);

internal sealed record DeleteAudiencesRequest(IReadOnlyList<string?>? AudienceIds);

internal sealed record GetAudiencesRequest
{
    public IReadOnlyList<string?>? AudienceIds { get; init; }

    public string? Type { get; init; }

    public string? ReturnAdditionalFields { get; init; }
}

/// <summary>Requests of the vendor's API: PascalCase, and nothing that is not known.</summary>
[JsonSourceGenerationOptions(UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(AudiencesRequest))]
[JsonSerializable(typeof(DeleteAudiencesRequest))]
[JsonSerializable(typeof(GetAudiencesRequest))]
[JsonSerializable(typeof(ApplyRequest))]
[JsonSerializable(typeof(UploadUrlRequest))]
[JsonSerializable(typeof(UploadStatusRequest))]
[JsonSerializable(typeof(GetUserRequest))]
[JsonSerializable(typeof(SearchAccountsRequest))]
internal sealed partial class SentJson : JsonSerializerContext;
