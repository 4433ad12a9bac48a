namespace CustomerInsights.Workers.Braze;

/// <summary>How Braze finds a person: by external id, or by the alias we gave (D-05).</summary>
internal readonly record struct BrazeKey(bool IsAlias, string Id)
{
    private const string AliasPrefix = "alias:";
    private const string ExternalPrefix = "external:";

    /// <summary>The matching key of the ledger. Stored, so its form never changes.</summary>
    public string MatchingKey => (IsAlias ? AliasPrefix : ExternalPrefix) + Id;

    public static BrazeKey Parse(string matchingKey) => matchingKey.StartsWith(AliasPrefix, StringComparison.Ordinal)
        ? new BrazeKey(true, matchingKey[AliasPrefix.Length..])
        : new BrazeKey(false, matchingKey[ExternalPrefix.Length..]);
}
