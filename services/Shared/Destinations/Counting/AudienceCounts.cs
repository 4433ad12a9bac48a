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

    public ReportProgressRequest Snapshot() =>
        WithSendings(Tally.Snapshot(), Interlocked.Read(ref _removed), Interlocked.Read(ref _removalsRejected), meter.Requests);

    /// <summary>Adds what is not told by reading members.</summary>
    public static ReportProgressRequest WithSendings(ReportProgressRequest counts, long removed, long removalsRejected, long requests)
    {
        (counts.Counts.Removed, counts.Counts.RemovalsRejected, counts.Counts.Requests) = (removed, removalsRejected, requests);
        if (counts.SegmentCounts is [var only])
        {
            // Who left the union of several segments is in none of them, and nothing tells which ones held him.
            only.Removed = removed;
        }

        return counts;
    }
}
