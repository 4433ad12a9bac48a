using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Writes what became of due rows and counts them, in one transaction: a row is counted when its fate is in the ledger.</summary>
internal sealed class DueSettlement(AudienceWork work, FeedPosition? position, DeliveryTools tools)
{
    // An audience of due rows has one segment.
    private const ulong OnlySegment = 1;

    /// <summary>Runs the writing, which tells what was settled. It may run again when the transaction is repeated.</summary>
    public async Task RunAsync(Func<Transaction, LedgerScope, Task<SettledDue>> write, CancellationToken cancellationToken)
    {
        var settled = await tools.Database.WriteAsync(
            work.Run.Job,
            async transaction =>
            {
                var scope = work.Scope(tools.Time);
                var written = await write(transaction, scope);
                await RunStore.CheckpointAsync(transaction, scope, new Checkpoint(null, position, CountsWith(written), work.Counts.Meter.Requests));
                await RunStore.CountRemovalsAsync(transaction, scope, written.Removals with { Requests = work.Counts.Meter.Requests });
                return written;
            },
            cancellationToken);
        Count(work.Counts.Tally, settled);
        work.Counts.Removed(settled.Removals);
        foreach (var (rowClass, count) in settled.Rows)
        {
            tools.Metrics.Settled(rowClass, count);
        }
    }

    private Contracts.Exports.V1.ReportProgressRequest CountsWith(SettledDue settled)
    {
        var tally = new Tally(work.Audience.Segments);
        tally.Restore(work.Counts.Tally.Snapshot());
        Count(tally, settled);
        return tally.Snapshot();
    }

    private static void Count(Tally tally, SettledDue settled)
    {
        // Whoever was read without a change and is sent all the same counts as what came of that, and not twice.
        tally.Add(RowClass.Unchanged, OnlySegment, -Math.Min(settled.SentUnchanged, tally.Snapshot().Counts.Unchanged));
        foreach (var (rowClass, count) in settled.Rows)
        {
            tally.Add(rowClass, OnlySegment, count);
        }
    }
}

/// <summary>What a transaction has settled.</summary>
internal sealed record SettledDue(IReadOnlyDictionary<RowClass, long> Rows, RemovalCounts Removals)
{
    /// <summary>Members that the run may have counted as unchanged already: they do not any more.</summary>
    public long SentUnchanged { get; init; }

    public static SettledDue Nothing { get; } = new(new Dictionary<RowClass, long>(), default);
}
