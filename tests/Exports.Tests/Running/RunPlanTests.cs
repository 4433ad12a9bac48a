using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;

namespace CustomerInsights.Exports.Tests.Running;

[Parallelizable(ParallelScope.All)]
internal sealed class RunPlanTests
{
    private const string First = "environments/e/segments/first";
    private const string Second = "environments/e/segments/second";

    private static readonly ConnectionFacts Connection = new("braze", Shared: false, Active: true, "account-1");
    private static readonly SegmentFacts Ready = new(Active: true, Version: 3, MemberCount: 10);
    private static readonly SegmentFacts Inactive = Ready with { Active = false };
    private static readonly SegmentFacts Fresh = new(Active: false, Version: 0, MemberCount: 0);
    private static readonly DestinationTypes Types = new([new BrazeDestinationType(), new MicrosoftAdvertisingDestinationType()]);

    private static IEnumerable<TestCaseData> Cases()
    {
        yield return new TestCaseData(Ready, Ready, null).SetName("Decide_with_active_segments_runs");
        yield return new TestCaseData(Ready, Inactive, null).SetName("Decide_with_one_active_segment_runs");
        yield return new TestCaseData(Ready, Fresh, null).SetName("Decide_with_one_refreshed_segment_runs");
        yield return new TestCaseData(Inactive, Inactive, "SEGMENT_INACTIVE").SetName("Decide_with_inactive_segments_leaves_the_destination_as_it_is");
        yield return new TestCaseData(Inactive, Fresh, "SEGMENT_INACTIVE").SetName("Decide_with_inactive_and_fresh_segments_leaves_the_destination_as_it_is");
        yield return new TestCaseData(Fresh, Fresh, "SEGMENT_NEVER_REFRESHED").SetName("Decide_with_fresh_segments_has_nothing_to_deliver");
        yield return new TestCaseData(Ready, null, "SEGMENT_DELETED").SetName("Decide_with_a_deleted_segment_takes_nobody_out");
    }

    [TestCaseSource(nameof(Cases))]
    public void Decide(object first, object? second, string? reason)
    {
        var plan = Plan(Connection, (First, (SegmentFacts)first), (Second, (SegmentFacts?)second));

        Assert.That(plan.Obstacle?.Reason, Is.EqualTo(reason));
    }

    [Test]
    public void Decide_without_connection_says_so() =>
        Assert.That(Plan(null, (First, Ready), (Second, Ready)).Obstacle?.Reason, Is.EqualTo("CONNECTION_MISSING"));

    [Test]
    public void Decide_keeps_versions_and_account()
    {
        var plan = Plan(Connection, (First, Ready), (Second, Ready with { Version = 8 }));

        Assert.That(plan.DestinationAccount, Is.EqualTo("account-1"));
        Assert.That(plan.Versions, Is.EqualTo(new Dictionary<string, long> { [First] = 3, [Second] = 8 }));
        Assert.That(plan.Warnings, Is.Empty);
    }

    [Test]
    public void Decide_with_names_that_have_become_equal_sends_nothing_to_a_destination_that_shows_them()
    {
        var (first, second) = (Ready with { DisplayName = "VIP" }, Ready with { DisplayName = "vip" });
        Assert.That(Plan(Connection, (First, first), (Second, second)).Obstacle, Is.Null);
        var obstacle = RunPlan.Decide(
            new ExportDefinition("Export", "environments/e/connections/c", [First, Second], Settings.MicrosoftAdvertising(), FollowRefreshes: true),
            Connection,
            new Dictionary<string, SegmentFacts> { [First] = first, [Second] = second },
            Types).Obstacle;
        Assert.That((obstacle?.Reason, obstacle?.Message), Is.EqualTo((
            "SEGMENT_NAME_UNUSABLE", $"{Second} has the display name of {First}, but an audience needs a name of its own. Rename one of the segments, or leave one out.")));
    }

    [Test]
    public void Decide_to_empty_needs_a_connection_and_nothing_of_the_segments()
    {
        foreach (var (first, second) in new[] { (Ready, (SegmentFacts?)null), (Inactive, Inactive), (Fresh, Fresh) })
        {
            Assert.That(Plan(Connection, emptyAudiences: true, (First, first), (Second, second)).Obstacle, Is.Null);
            Assert.That(Plan(null, emptyAudiences: true, (First, first), (Second, second)).Obstacle?.Reason, Is.EqualTo("CONNECTION_MISSING"));
        }
    }

    [Test]
    public void Decide_warns_of_inactive_and_fresh_segments_by_name()
    {
        var plan = Plan(Connection, (First, Ready with { Active = false }), (Second, Fresh));

        Assert.That(plan.Warnings, Has.Count.EqualTo(2));
        Assert.That(plan.Warnings[0], Does.StartWith(First).And.Contain("inactive"));
        Assert.That(plan.Warnings[1], Does.StartWith(Second).And.Contain("never refreshed"));
    }

    private static RunPlan Plan(ConnectionFacts? connection, params (string Name, SegmentFacts? Facts)[] segments) => Plan(connection, emptyAudiences: false, segments);

    private static RunPlan Plan(ConnectionFacts? connection, bool emptyAudiences, params (string Name, SegmentFacts? Facts)[] segments) => RunPlan.Decide(
        new ExportDefinition("Export", "environments/e/connections/c", [First, Second], Settings.Braze(), FollowRefreshes: true),
        connection,
        segments.Where(segment => segment.Facts is not null).ToDictionary(segment => segment.Name, segment => segment.Facts!),
        Types,
        emptyAudiences);
}
