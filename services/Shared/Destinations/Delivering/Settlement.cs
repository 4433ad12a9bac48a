using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>What a row's fate means for the ledger, and which key does not stand for it any more. Pure.</summary>
/// <param name="Write">The row of the ledger.</param>
/// <param name="Removal">A key to take out, or null.</param>
internal readonly record struct Settlement(LedgerWrite Write, Removal? Removal)
{
    /// <summary>Of a row that was sent.</summary>
    public static Settlement OfSent(DeliveryRow row, RowFate fate)
    {
        if (fate.Reason is null)
        {
            var delivered = Entry(row, LedgerState.Delivered, row.Verdict.Class, row.Mapped.Key) with { Hash = row.Hash, Fields = row.Mapped.Fields };
            return new Settlement(delivered, LostKey(row, row.Mapped.Key, RemovalCause.KeyChanged));
        }

        // What was delivered under this key before still stands there, with the fields it had.
        var stands = row.Known?.StandingKey == row.Mapped.Key;
        var rejected = Entry(row, LedgerState.Rejected, RowClass.Rejected, stands ? row.Mapped.Key : null) with
        {
            Hash = row.Hash,
            Fields = stands ? unchecked((ulong)row.Known!.Fields) : 0,
            Reason = fate.Reason,
        };
        return new Settlement(rejected, LostKey(row, row.Mapped.Key, RemovalCause.Unsendable));
    }

    /// <summary>Of a row that is written down as due.</summary>
    /// <param name="maySendBefore">What was due before may have been sent.</param>
    public static Settlement OfDue(DeliveryRow row, bool maySendBefore)
    {
        var due = Entry(row, LedgerState.Due, row.Verdict.Class, row.Mapped.Key) with { Hash = row.Hash, Fields = row.Mapped.Fields };
        return new Settlement(due, LostKey(row, row.Mapped.Key, RemovalCause.KeyChanged, maySendBefore));
    }

    /// <summary>Of a row that is not sent.</summary>
    /// <param name="maySendBefore">As above.</param>
    public static Settlement OfRefused(DeliveryRow row, bool maySendBefore)
    {
        if (row.Mapped.Refusal is null && row.Known is { } known)
        {
            // The destination refused the same payload before: just the run is new.
            var again = Entry(row, LedgerState.Rejected, RowClass.Rejected, known.Key) with
            {
                Hash = known.Hash,
                Fields = unchecked((ulong)known.Fields),
                Reason = known.Reason,
            };
            return new Settlement(again, null);
        }

        var refused = Entry(row, LedgerState.Rejected, row.Verdict.Class, null) with { Reason = row.Verdict.Reason };
        return new Settlement(refused, LostKey(row, null, RemovalCause.Unsendable, maySendBefore));
    }

    /// <summary>Of a row whose key another row holds.</summary>
    /// <param name="maySendBefore">As above.</param>
    public static Settlement OfDuplicate(DeliveryRow row, bool maySendBefore) =>
        new(Entry(row, LedgerState.Duplicate, RowClass.Duplicate, row.Mapped.Key), LostKey(row, row.Mapped.Key, RemovalCause.KeyChanged, maySendBefore));

    private static LedgerWrite Entry(DeliveryRow row, LedgerState state, RowClass rowClass, string? key) => new(
        row.CustomerId, state, rowClass, key, key is null ? null : Fingerprint.OfKey(key), default, 0, null, row.Known is not null);

    private static Removal? LostKey(DeliveryRow row, string? key, RemovalCause cause, bool maySendBefore = false)
    {
        var standing = maySendBefore && row.Known is { State: LedgerState.Due, Key: { } sent } ? sent : row.Known?.StandingKey;
        return standing is not null && standing != key ? new Removal(standing, row.CustomerId, cause) : null;
    }
}
