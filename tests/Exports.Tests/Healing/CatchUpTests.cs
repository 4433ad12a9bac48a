using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Healing;
using CustomerInsights.Exports.Running;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Tests.Healing;

[Parallelizable(ParallelScope.All)]
internal sealed class CatchUpTests
{
    [TestCase(2, 3, true, ExpectedResult = true)]
    [TestCase(3, 3, true, ExpectedResult = false)]
    [TestCase(4, 3, true, ExpectedResult = false)]
    [TestCase(2, 3, false, ExpectedResult = false)]
    public bool IsBehind_compares_settled_and_current_version_of_active_segments(long settled, long current, bool active) => CatchUp.IsBehind(
        new Dictionary<string, long> { ["s"] = settled },
        new Dictionary<string, SegmentFacts> { ["s"] = new(active, current, 1) });

    [Test]
    public void IsBehind_passes_over_deleted_segments() =>
        Assert.That(CatchUp.IsBehind(new Dictionary<string, long> { ["s"] = 1 }, new Dictionary<string, SegmentFacts>()), Is.False);

    [TestCase(1, 5)]
    [TestCase(2, 10)]
    [TestCase(3, 20)]
    [TestCase(50, 360)]
    public void MayTry_after_failures_waits_longer_each_time(int failures, int minutes)
    {
        var time = new ManualTimeProvider();
        var policy = new CatchUp(Options.Create(new ExportsOptions()), time);
        var export = Export() with { LastRunState = RunState.Failed, LastRunTime = time.GetUtcNow(), FailuresInARow = failures };

        time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromTicks(1));
        Assert.That(policy.MayTry(export), Is.False);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(policy.MayTry(export), Is.True);
    }

    [TestCase(null)]
    [TestCase(RunState.Successful)]
    [TestCase(RunState.Canceled)]
    public void MayTry_without_failure_at_once(RunState? last)
    {
        var time = new ManualTimeProvider();
        var export = Export() with { LastRunState = last, LastRunTime = time.GetUtcNow() };

        Assert.That(new CatchUp(Options.Create(new ExportsOptions()), time).MayTry(export), Is.True);
    }

    private static Export Export() => new(
        "uid",
        new ExportName("e", "x"),
        new ExportDefinition("Export", "environments/e/connections/c", ["s"], Settings.Braze(), FollowRefreshes: true),
        [],
        DateTimeOffset.UnixEpoch,
        "user:somebody",
        RequestId: "",
        Etag: "1");
}
