namespace CustomerInsights.Sandbox.Webhook;

/// <summary>How a receiver behaves.</summary>
public sealed record WebhookSettings
{
    /// <summary>What requests have to be signed with.</summary>
    public required string Secret { get; init; }

    /// <summary>A request whose timestamp is further from now than this is refused as an old one that somebody repeats.</summary>
    public int MaxAgeSeconds { get; init; } = 300;
}
