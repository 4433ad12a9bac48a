namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>The mirror of one segment at one ad account: the key of an audience in the ledger.</summary>
/// <param name="CustomerId">Manager account, "cid".</param>
/// <param name="AccountId">Ad account, "aid".</param>
/// <param name="Segment">Resource name.</param>
internal readonly record struct AudienceKey(string CustomerId, string AccountId, string Segment)
{
    /// <summary>The form in the ledger. Stored, so it never changes.</summary>
    public override string ToString() => $"{CustomerId}:{AccountId}:{Segment}";

    public static AudienceKey Parse(string key)
    {
        var parts = key.Split(':', 3);
        return new AudienceKey(parts[0], parts[1], parts[2]);
    }
}
