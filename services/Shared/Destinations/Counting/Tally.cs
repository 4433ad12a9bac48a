using System.Numerics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Counting;

/// <summary>
/// Counts the members of one audience by class, in all and by segment. Each member is counted once, when it is settled, so
/// read = added + updated + unchanged + skipped + duplicates + rejected at any time.
/// </summary>
internal sealed class Tally(IReadOnlyList<string> segments)
{
    private const int Classes = (int)RowClass.Rejected + 1;

    private readonly Lock _gate = new();
    private readonly long[] _all = new long[Classes];
    private readonly long[] _bySegment = new long[segments.Count * Classes];
    private readonly long[] _versions = new long[segments.Count];
    private readonly long[] _members = new long[segments.Count];

    /// <summary>Counts a member.</summary>
    /// <param name="segmentBits">Which of the segments hold it: bit n stands for the n-th.</param>
    /// <param name="count">So many of them.</param>
    public void Add(RowClass rowClass, ulong segmentBits, long count = 1)
    {
        lock (_gate)
        {
            _all[(int)rowClass] += count;
            for (var bits = segmentBits; bits != 0; bits &= bits - 1)
            {
                var segment = BitOperations.TrailingZeroCount(bits);
                if (segment < segments.Count)
                {
                    _bySegment[(segment * Classes) + (int)rowClass] += count;
                }
            }
        }
    }

    /// <summary>Takes note of the versions that are read.</summary>
    public void Describe(FeedPosition position, IReadOnlyDictionary<string, long> memberCounts)
    {
        lock (_gate)
        {
            for (var i = 0; i < segments.Count; i++)
            {
                _versions[i] = position.SegmentVersions.GetValueOrDefault(segments[i]);
                _members[i] = memberCounts.GetValueOrDefault(segments[i]);
            }
        }
    }

    /// <summary>Takes over counts that were stored.</summary>
    public void Restore(ReportProgressRequest stored)
    {
        lock (_gate)
        {
            Array.Clear(_all);
            Array.Clear(_bySegment);
            Fill(_all, stored.Counts);
            foreach (var counts in stored.SegmentCounts)
            {
                var segment = segments.ToList().IndexOf(counts.Segment);
                if (segment >= 0)
                {
                    (_versions[segment], _members[segment]) = (counts.Version, counts.MemberCount);
                    Fill(_bySegment.AsSpan(segment * Classes, Classes), counts);
                }
            }
        }
    }

    /// <summary>Counts from the beginning.</summary>
    public void Clear() => Restore(new ReportProgressRequest { Counts = new RunCounts() });

    /// <summary>The counts now.</summary>
    public ReportProgressRequest Snapshot()
    {
        lock (_gate)
        {
            var snapshot = new ReportProgressRequest { Counts = ToCounts(_all) };
            for (var i = 0; i < segments.Count; i++)
            {
                snapshot.SegmentCounts.Add(ToSegmentCounts(i));
            }

            return snapshot;
        }
    }

    private static RunCounts ToCounts(ReadOnlySpan<long> classes) => new()
    {
        Read = Sum(classes),
        Added = classes[(int)RowClass.Added],
        Updated = classes[(int)RowClass.Updated],
        Unchanged = classes[(int)RowClass.Unchanged],
        Skipped = classes[(int)RowClass.Skipped],
        Duplicates = classes[(int)RowClass.Duplicate],
        Rejected = classes[(int)RowClass.Rejected],
    };

    private static void Fill(Span<long> classes, RunCounts counts)
    {
        classes[(int)RowClass.Added] = counts.Added;
        classes[(int)RowClass.Updated] = counts.Updated;
        classes[(int)RowClass.Unchanged] = counts.Unchanged;
        classes[(int)RowClass.Skipped] = counts.Skipped;
        classes[(int)RowClass.Duplicate] = counts.Duplicates;
        classes[(int)RowClass.Rejected] = counts.Rejected;
    }

    // Of a segment only the sum of what was sent is reported; it is kept under one class.
    private static void Fill(Span<long> classes, SegmentCounts counts)
    {
        classes[(int)RowClass.Added] = counts.Sent;
        classes[(int)RowClass.Skipped] = counts.Skipped;
        classes[(int)RowClass.Duplicate] = counts.Duplicates;
        classes[(int)RowClass.Rejected] = counts.Rejected;
        classes[(int)RowClass.Unchanged] = counts.Read - counts.Sent - counts.Skipped - counts.Duplicates - counts.Rejected;
    }

    private static long Sum(ReadOnlySpan<long> values)
    {
        var sum = 0L;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    private SegmentCounts ToSegmentCounts(int segment)
    {
        var classes = _bySegment.AsSpan(segment * Classes, Classes);
        return new SegmentCounts
        {
            Segment = segments[segment],
            Version = _versions[segment],
            MemberCount = _members[segment],
            Read = Sum(classes),
            Sent = classes[(int)RowClass.Added] + classes[(int)RowClass.Updated],
            Skipped = classes[(int)RowClass.Skipped],
            Duplicates = classes[(int)RowClass.Duplicate],
            Rejected = classes[(int)RowClass.Rejected],
        };
    }
}
