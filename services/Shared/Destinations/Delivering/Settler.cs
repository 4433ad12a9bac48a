using System.Threading.Channels;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// The one writer of the ledger during a pass: takes everything that waits, commits it in one transaction, then tells those
/// who wait for it. A request keeps its place in the flight until its outcome is committed, so a crash repeats at most the
/// requests in flight.
/// </summary>
internal sealed class Settler(AudienceWork work, PassPlan plan, PendingKeys pending, DeliveryTools tools)
{
    private const int EntriesAtOnce = 128;
    private static readonly TimeSpan CheckpointEvery = TimeSpan.FromMilliseconds(500);

    private readonly Channel<SettleEntry> _entries = Channel.CreateUnbounded<SettleEntry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PassCheckpoint _checkpoint = new(work, plan, pending);
    private long _lastCheckpoint = tools.Time.GetTimestamp();

    /// <summary>Up to where everything is settled without a gap.</summary>
    public Checkpoint Reached => _checkpoint.Current;

    /// <summary>A page is read and compared: rows that need no sending are settled, the others will follow.</summary>
    public void Add(MemberPage page) => _entries.Writer.TryWrite(new SettleEntry(page, null, null, null));

    /// <summary>Records that the rows of a flight are about to be sent. Ends when that is committed.</summary>
    public Task TakeOffAsync(Flight flight, CancellationToken cancellationToken) => CommitAsync(flight, null, cancellationToken);

    /// <summary>Records what became of the rows of a flight. Ends when that is committed.</summary>
    public Task LandAsync(Flight flight, RowFate[] fates, CancellationToken cancellationToken) => CommitAsync(flight, fates, cancellationToken);

    /// <summary>Nothing more will come.</summary>
    public void Complete() => _entries.Writer.Complete();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var entries = new List<SettleEntry>(EntriesAtOnce);
        while (await _entries.Reader.WaitToReadAsync(cancellationToken))
        {
            entries.Clear();
            while (entries.Count < EntriesAtOnce && _entries.Reader.TryRead(out var entry))
            {
                entries.Add(entry);
            }

            await SettleAsync(entries, cancellationToken);
        }
    }

    private async Task CommitAsync(Flight flight, RowFate[]? fates, CancellationToken cancellationToken)
    {
        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _entries.Writer.TryWrite(new SettleEntry(null, flight, fates, committed));
        await committed.Task.WaitAsync(cancellationToken);
    }

    private async Task SettleAsync(List<SettleEntry> entries, CancellationToken cancellationToken)
    {
        var changes = LedgerChanges.Of(entries, pending, plan);
        var due = plan.IsWhole && tools.Time.GetElapsedTime(_lastCheckpoint) >= CheckpointEvery;
        var started = tools.Time.GetTimestamp();
        await tools.Database.WriteAsync(work.Run.Job, transaction => WriteAsync(transaction, changes, due), cancellationToken);
        tools.Metrics.Committed(tools.Time.GetElapsedTime(started));
        _lastCheckpoint = due ? started : _lastCheckpoint;
        foreach (var entry in entries)
        {
            Count(entry);
            entry.Committed?.SetResult();
        }
    }

    private async Task WriteAsync(Transaction transaction, LedgerChanges changes, bool checkpoint)
    {
        var scope = work.Scope(tools.Time);
        await WriteLedger.RunAsync(transaction, scope, changes.Rows);
        await RemovalQueue.AddAsync(transaction, work.AudienceId, changes.Removals);
        if (changes.Leavers.Count > 0)
        {
            await LedgerStore.RemoveAsync(transaction, scope, changes.Leavers);
        }

        await FlightLog.TakeOffAsync(transaction, work.AudienceId, changes.TakingOff);
        await FlightLog.LandAsync(transaction, work.AudienceId, changes.Landed);
        if (changes.LosesHolder)
        {
            await AudienceStore.MarkForComparisonAsync(transaction, work.AudienceId, plan.IsWhole);
        }

        if (checkpoint)
        {
            await RunStore.CheckpointAsync(transaction, scope, _checkpoint.Current);
        }
    }

    private void Count(SettleEntry entry)
    {
        if (entry.Page is { } page)
        {
            foreach (var row in page.Rows.Where(row => row.Verdict.Need != Need.Send))
            {
                Count(row, row.Verdict.Class);
            }

            _checkpoint.Settled(page);
        }

        if (entry is { Flight: { } flight, Fates: { } fates })
        {
            for (var i = 0; i < fates.Length; i++)
            {
                if (fates[i].IsSettled)
                {
                    var row = flight.Rows[i];
                    row.Page.Unsettled--;
                    Count(row, fates[i].Reason is null ? row.Verdict.Class : RowClass.Rejected);
                    _checkpoint.Settled(row.Page);
                }
            }
        }
    }

    private void Count(DeliveryRow row, RowClass rowClass)
    {
        row.Verdict = row.Verdict with { Class = rowClass };
        work.Counts.Tally.Add(rowClass, row.SegmentBits);
        tools.Metrics.Settled(rowClass, 1);
    }
}

/// <summary>How one pass reads.</summary>
/// <param name="IsWhole">All members, in the order of their ids, so that the pass can be taken up in its middle.</param>
/// <param name="Position">Of the snapshot that is read.</param>
/// <param name="Done">Counts of the part that an earlier claim has settled; null when it starts anew.</param>
/// <param name="Sent">What rows of earlier runs are worth.</param>
internal sealed record PassPlan(bool IsWhole, FeedPosition Position, Checkpoint? Done, Sent Sent)
{
    /// <summary>What is to be sent is only written down as due.</summary>
    public bool WritesDown { get; init; }

    /// <summary>What is due from before may have been sent.</summary>
    public bool MaySendBefore { get; init; }
}

/// <summary>Rows on their way in one request.</summary>
/// <param name="Id">Its name in the flight log.</param>
internal sealed record Flight(FlightId Id, IReadOnlyList<DeliveryRow> Rows);

/// <summary>One thing to settle: a page, a flight that takes off (no fates), or one that has landed.</summary>
internal sealed record SettleEntry(MemberPage? Page, Flight? Flight, RowFate[]? Fates, TaskCompletionSource? Committed);
