using CustomerInsights.Destinations.Mapping;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>What became of a customer at an audience. The numbers are stored.</summary>
internal enum LedgerState
{
    /// <summary>Stands at the destination as the ledger says.</summary>
    Delivered = 1,

    /// <summary>Shares its matching key with a delivered row.</summary>
    Duplicate = 2,

    /// <summary>Refused by the mapping or the destination. With a key, what was delivered before still stands.</summary>
    Rejected = 3,

    /// <summary>Was a member once. Kept for what was sent: cleared fields, erasure, "what did we send about this customer?".</summary>
    Removed = 4,

    /// <summary>To be delivered under its key; perhaps sent, and not confirmed.</summary>
    Due = 5,
}

/// <summary>What a run counts a member as; each member has exactly one. The numbers are stored.</summary>
internal enum RowClass
{
    Added = 1,
    Updated = 2,
    Unchanged = 3,
    Skipped = 4,
    Duplicate = 5,
    Rejected = 6,
}

/// <summary>A row of the ledger as it was read.</summary>
internal sealed record LedgerRow(
    string CustomerId,
    LedgerState State,
    RowClass Class,
    long RunId,
    string? Key,
    long HashHigh,
    long HashLow,
    long Fields,
    string? Reason)
{
    public Fingerprint Hash => new(HashHigh, HashLow);

    /// <summary>
    /// The key under which our data stands at the destination because of this row, or null. A due row that counts as anything but added
    /// was delivered before, and is only to be sent again.
    /// </summary>
    public string? StandingKey => State is LedgerState.Delivered or LedgerState.Rejected || (State == LedgerState.Due && Class != RowClass.Added) ? Key : null;

    /// <summary>What the mapping may know of: also what was sent before the customer left.</summary>
    public StandingDelivery? Sent => State != LedgerState.Duplicate && Key is not null ? new StandingDelivery(Key, unchecked((ulong)Fields)) : null;
}

/// <summary>A row of the ledger as it shall be.</summary>
/// <param name="Exists">The ledger has a row of this customer already.</param>
internal readonly record struct LedgerWrite(
    string CustomerId,
    LedgerState State,
    RowClass Class,
    string? Key,
    long? KeyHash,
    Fingerprint Hash,
    ulong Fields,
    string? Reason,
    bool Exists);

/// <summary>Why a matching key is taken out. The numbers are stored.</summary>
internal enum RemovalCause
{
    /// <summary>The customer is in none of the segments any more.</summary>
    Left = 1,

    /// <summary>The customer is delivered under another key now.</summary>
    KeyChanged = 2,

    /// <summary>The customer is still a member, but cannot be sent any more.</summary>
    Unsendable = 3,

    /// <summary>The export does not keep this audience any more.</summary>
    AudienceGivenUp = 4,

    /// <summary>Sent shortly before a crash; not known whether it arrived.</summary>
    Recovered = 5,
}

/// <summary>A matching key in the removal queue.</summary>
internal readonly record struct Removal(string Key, string CustomerId, RemovalCause Cause)
{
    public long KeyHash => Fingerprint.OfKey(Key);
}
