using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>What one ledger transaction writes. Worked out before it begins, so that it can be repeated.</summary>
internal sealed class LedgerChanges
{
    private readonly PassPlan _plan;

    public List<LedgerWrite> Rows { get; } = [];

    public List<Removal> Removals { get; } = [];

    public List<string> Leavers { get; } = [];

    public List<Flight> TakingOff { get; } = [];

    public List<FlightId> Landed { get; } = [];

    /// <summary>A refused row was the reason to leave out another one with the same key.</summary>
    public bool LosesHolder { get; private set; }

    private LedgerChanges(PassPlan plan) => _plan = plan;

    public static LedgerChanges Of(IEnumerable<SettleEntry> entries, PendingKeys pending, PassPlan plan)
    {
        var changes = new LedgerChanges(plan);
        foreach (var entry in entries)
        {
            if (entry.Page is { } page)
            {
                changes.Add(page);
            }
            else if (entry is { Flight: { } landed, Fates: { } fates })
            {
                changes.Add(landed, fates, pending);
            }
            else if (entry.Flight is { } flight)
            {
                changes.TakingOff.Add(flight);
            }
        }

        return changes;
    }

    private void Add(MemberPage page)
    {
        Leavers.AddRange(page.Leavers);
        foreach (var row in page.Rows)
        {
            switch (row.Verdict.Need)
            {
                case Need.Send when _plan.WritesDown:
                    Add(Settlement.OfDue(row, _plan.MaySendBefore));
                    break;
                case Need.RecordRefusal:
                    Add(Settlement.OfRefused(row, _plan.MaySendBefore));
                    break;
                case Need.RecordDuplicate when row.Known is not { State: LedgerState.Duplicate } known || known.Key != row.Mapped.Key:
                    Add(Settlement.OfDuplicate(row, _plan.MaySendBefore));
                    break;
            }
        }
    }

    private void Add(Flight flight, RowFate[] fates, PendingKeys pending)
    {
        for (var i = 0; i < fates.Length; i++)
        {
            if (fates[i].IsSettled)
            {
                Add(Settlement.OfSent(flight.Rows[i], fates[i]));
                LosesHolder |= fates[i].Reason is not null && pending.Refuse(flight.Rows[i]);
            }
        }

        // With a row whose fate is open the flight stays in the log: the next claim finds its keys there.
        if (fates.All(fate => fate.IsSettled))
        {
            Landed.Add(flight.Id);
        }
    }

    private void Add(Settlement settlement)
    {
        Rows.Add(settlement.Write);
        if (settlement.Removal is { } removal)
        {
            Removals.Add(removal);
        }
    }
}
