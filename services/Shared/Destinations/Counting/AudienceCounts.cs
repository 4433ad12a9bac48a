using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Counting;

/// <summary>Everything that is counted for one audience of a run.</summary>
internal sealed class AudienceCounts(IReadOnlyList<string> segments, SendMeter meter)
{
    private long _removed;
    private long _removalsRejected;

    public Tally Tally { get; } = new(segments);

    public SendMeter Meter => meter;

    /// <summary>Takes over what earlier claims of the run have stored.</summary>
    public void Restore(AudienceProgress stored)
    {
        meter.Restore(stored.Requests);
        (_removed, _removalsRejected) = (stored.Removed, stored.RemovalsRejected);
        if (stored.CountsSoFar is { } counts)
        {
            Tally.Restore(counts);
        }
    }

    public void Removed(RemovalCounts counts)
    {
        Interlocked.Add(ref _removed, counts.Removed);
        Interlocked.Add(ref _removalsRejected, counts.Rejected);
    }

    public ReportProgressRequest Snapshot()
    {
        var snapshot = Tally.Snapshot();
        snapshot.Counts.Removed = Interlocked.Read(ref _removed);
        snapshot.Counts.RemovalsRejected = Interlocked.Read(ref _removalsRejected);
        snapshot.Counts.Requests = meter.Requests;
        return snapshot;
    }
}
