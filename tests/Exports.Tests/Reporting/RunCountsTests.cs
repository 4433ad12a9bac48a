using CustomerInsights.Exports.Reporting;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Tests.Reporting;

[Parallelizable(ParallelScope.All)]
internal sealed class RunCountsTests
{
    private static readonly RunCounts Ten = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    private static readonly SegmentCounts Segment = new("s", 2, 100, 1, 2, 3, 4, 5);

    [Test]
    public void Advance_never_lets_a_count_fall()
    {
        var reversed = new RunCounts(10, 9, 8, 7, 6, 5, 4, 3, 2, 1);

        Assert.That(Ten.Advance(RunCounts.Zero), Is.EqualTo(Ten));
        Assert.That(RunCounts.Zero.Advance(Ten), Is.EqualTo(Ten));
        Assert.That(Ten.Advance(reversed), Is.EqualTo(new RunCounts(10, 9, 8, 7, 6, 6, 7, 8, 9, 10)));
        Assert.That(Ten.Advance(Ten), Is.EqualTo(Ten));
    }

    [Test]
    public void Advance_of_a_segment_takes_the_members_of_the_newest_version()
    {
        Assert.That(Segment.Advance(Segment with { Version = 3, MemberCount = 50 }), Is.EqualTo(Segment with { Version = 3, MemberCount = 50 }));
        Assert.That(Segment.Advance(Segment with { Version = 1, MemberCount = 500, Read = 9 }), Is.EqualTo(Segment with { Read = 9 }));
    }

    [Test]
    public void Delivered_and_refused_are_sums()
    {
        Assert.That(Ten.Delivered, Is.EqualTo(5));
        Assert.That(Ten.Refused, Is.EqualTo(24));
    }

    [Test]
    public void Check_finds_negative_numbers_and_strange_segments()
    {
        var violations = new Violations();
        new RunReport(Ten with { Removed = -1 }, [Segment, Segment with { Segment = "other" }, Segment with { Read = -1 }], null).Check(["s"], violations);

        Assert.That(
            violations.ToRefusal().Violations.Select(violation => violation.Field),
            Is.EqualTo(new[] { "counts", "segment_counts[1].segment", "segment_counts[2]" }));
    }

    [Test]
    public void Apply_keeps_the_order_of_the_run_and_what_was_not_reported()
    {
        var report = new RunReport(Ten, [Segment with { Read = 7 }], null);

        var applied = report.Apply([Segment with { Segment = "first" }, Segment], (_, reported) => reported);

        Assert.That(applied, Is.EqualTo(new[] { Segment with { Segment = "first" }, Segment with { Read = 7 } }));
    }
}
