using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Reporting;

/// <summary>What a worker says of a run: absolute counts, by segment as well.</summary>
internal sealed record RunReport(RunCounts Counts, IReadOnlyList<SegmentCounts> SegmentCounts, DateTimeOffset? ThrottledUntil)
{
    /// <summary>Adds a violation for each count that cannot be.</summary>
    public void Check(IReadOnlyList<string> segments, Violations violations)
    {
        violations.Check(Counts.Least >= 0, "counts", "must not hold negative numbers.");
        foreach (var (index, counts) in SegmentCounts.Index())
        {
            violations.Check(counts.Least >= 0, $"segment_counts[{index}]", "must not hold negative numbers.");
            violations.Check(segments.Contains(counts.Segment), $"segment_counts[{index}].segment", "is not a segment of the run.");
        }
    }

    /// <summary>The counts of a run's segments after this report, in the run's order.</summary>
    public IReadOnlyList<SegmentCounts> Apply(IReadOnlyList<SegmentCounts> known, Func<SegmentCounts, SegmentCounts, SegmentCounts> merge) =>
        [.. known.Select(before => SegmentCounts.LastOrDefault(counts => counts.Segment == before.Segment) is { } reported ? merge(before, reported) : before)];
}
