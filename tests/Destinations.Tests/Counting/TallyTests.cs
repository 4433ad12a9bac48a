using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Counting;

[Parallelizable(ParallelScope.All)]
public sealed class TallyTests
{
    private static readonly string[] Segments = ["environments/e/segments/a", "environments/e/segments/b"];

    [Test]
    public void Every_member_counts_once_in_all_and_once_in_each_of_its_segments()
    {
        var tally = new Tally(Segments);
        tally.Add(RowClass.Added, 0b01);
        tally.Add(RowClass.Updated, 0b11);
        tally.Add(RowClass.Unchanged, 0b10);
        tally.Add(RowClass.Skipped, 0b11);
        tally.Add(RowClass.Duplicate, 0b01);
        tally.Add(RowClass.Rejected, 0b10);
        tally.Describe(Position(4, 5), new Dictionary<string, long> { [Segments[0]] = 40, [Segments[1]] = 50 });
        var counts = tally.Snapshot();
        Assert.That(counts.Counts, Is.EqualTo(new RunCounts { Read = 6, Added = 1, Updated = 1, Unchanged = 1, Skipped = 1, Duplicates = 1, Rejected = 1 }));
        Assert.That(counts.SegmentCounts, Is.EqualTo(new[]
        {
            new SegmentCounts { Segment = Segments[0], Version = 4, MemberCount = 40, Read = 4, Sent = 2, Skipped = 1, Duplicates = 1 },
            new SegmentCounts { Segment = Segments[1], Version = 5, MemberCount = 50, Read = 4, Sent = 1, Skipped = 1, Rejected = 1 },
        }));
    }

    [Test]
    public void Stored_counts_go_on_where_they_stopped()
    {
        var tally = new Tally(Segments);
        tally.Add(RowClass.Added, 0b11);
        tally.Add(RowClass.Updated, 0b01);
        tally.Add(RowClass.Unchanged, 0b10);
        tally.Describe(Position(4, 5), new Dictionary<string, long>());
        var restored = new Tally(Segments);
        restored.Restore(tally.Snapshot());
        Assert.That(restored.Snapshot(), Is.EqualTo(tally.Snapshot()));
        restored.Add(RowClass.Rejected, 0b01);
        tally.Add(RowClass.Rejected, 0b01);
        Assert.That(restored.Snapshot(), Is.EqualTo(tally.Snapshot()));
    }

    private static FeedPosition Position(long first, long second) => new() { SegmentVersions = { [Segments[0]] = first, [Segments[1]] = second } };
}
