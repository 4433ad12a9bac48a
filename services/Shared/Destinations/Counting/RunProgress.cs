using System.Collections.Concurrent;
using CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Destinations.Counting;

/// <summary>The counts of all audiences of a run, as one.</summary>
internal sealed class RunProgress(string run)
{
    private readonly ConcurrentQueue<AudienceCounts> _audiences = new();

    public void Add(AudienceCounts counts) => _audiences.Enqueue(counts);

    /// <summary>Whether the destination has taken anything since the run was taken over.</summary>
    public bool HasTaken => _audiences.Any(audience => audience.Meter.HasTaken);

    /// <summary>The counts now, in the form they are reported.</summary>
    public ReportProgressRequest Snapshot() => Sum(run, _audiences.Select(audience => audience.Snapshot()));

    /// <summary>Several counts as one.</summary>
    public static ReportProgressRequest Sum(string run, IEnumerable<ReportProgressRequest> parts)
    {
        var sum = new ReportProgressRequest { Name = run, Counts = new RunCounts() };
        foreach (var part in parts)
        {
            Add(sum.Counts, part.Counts);
            sum.SegmentCounts.AddRange(part.SegmentCounts);
        }

        return sum;
    }

    private static void Add(RunCounts sum, RunCounts part)
    {
        sum.Read += part.Read;
        sum.Added += part.Added;
        sum.Updated += part.Updated;
        sum.Unchanged += part.Unchanged;
        sum.Removed += part.Removed;
        sum.Skipped += part.Skipped;
        sum.Duplicates += part.Duplicates;
        sum.Rejected += part.Rejected;
        sum.Requests += part.Requests;
        sum.RemovalsRejected += part.RemovalsRejected;
    }
}
