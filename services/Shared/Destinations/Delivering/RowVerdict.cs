using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>What a member's row needs.</summary>
internal enum Need
{
    /// <summary>Nothing: it is counted, and that is all.</summary>
    Nothing,

    /// <summary>To be recorded as refused, without being sent.</summary>
    RecordRefusal,

    /// <summary>To be recorded as left out, since another row holds its key.</summary>
    RecordDuplicate,

    /// <summary>To be sent, unless another row holds its key.</summary>
    Send,
}

/// <summary>What the ledger's word counts for a row that an earlier run has sent, and that has not changed.</summary>
internal enum Sent
{
    /// <summary>It is not sent again, whether it was taken or refused.</summary>
    Trusted,

    /// <summary>It is sent again when it was refused.</summary>
    TrustedIfTaken,

    /// <summary>It is sent again.</summary>
    Ignored,
}

/// <summary>What a member's row needs, and what it counts as: after being sent when it is to be sent.</summary>
/// <param name="ClaimsKey">Whether the row has to hold its key first: it does not stand under it yet.</param>
internal readonly record struct RowVerdict(Need Need, RowClass Class, string? Reason = null, bool ClaimsKey = false)
{
    /// <summary>Compares a member with what the ledger knows of it. Pure.</summary>
    /// <param name="known">The ledger's row, or null.</param>
    /// <param name="mapped">The member as it would be sent.</param>
    /// <param name="hash">Of the compared part of the payload.</param>
    /// <param name="runId">This run. Rows that it has settled before, in an earlier claim, keep what they counted as.</param>
    /// <param name="sent">What rows of earlier runs are worth.</param>
    public static RowVerdict Of(LedgerRow? known, MappedMember mapped, Fingerprint hash, long runId, Sent sent)
    {
        if (mapped.Refusal is { } refusal)
        {
            var rowClass = refusal.WantsAddress ? RowClass.Skipped : RowClass.Rejected;
            var recorded = known is { State: LedgerState.Rejected, Key: null } && known.Reason == refusal.Reason && known.RunId == runId;
            return new RowVerdict(recorded ? Need.Nothing : Need.RecordRefusal, rowClass, refusal.Reason);
        }

        var settledHere = known?.RunId == runId;
        if (known is { State: LedgerState.Delivered } && known.Key == mapped.Key)
        {
            return known.Hash == hash && (settledHere || sent != Sent.Ignored)
                ? new RowVerdict(Need.Nothing, settledHere ? known.Class : RowClass.Unchanged)
                : new RowVerdict(Need.Send, settledHere ? known.Class : RowClass.Updated);
        }

        if (known is { State: LedgerState.Due })
        {
            // Counts as what it was first due for: nothing has confirmed it since.
            return new RowVerdict(Need.Send, known.Class, ClaimsKey: true);
        }

        if (known is { State: LedgerState.Rejected, Class: RowClass.Rejected } && known.Hash == hash && (settledHere || sent == Sent.Trusted))
        {
            return new RowVerdict(settledHere ? Need.Nothing : Need.RecordRefusal, RowClass.Rejected, known.Reason);
        }

        var stood = known?.StandingKey is not null && !(settledHere && known.Class == RowClass.Added);
        return new RowVerdict(Need.Send, stood ? RowClass.Updated : RowClass.Added, ClaimsKey: true);
    }
}
