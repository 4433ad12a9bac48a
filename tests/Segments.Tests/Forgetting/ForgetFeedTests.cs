using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Importing;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;

namespace CustomerInsights.Segments.Tests.Forgetting;

/// <summary>What the feed forgets though nobody deletes or refreshes any more.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class ForgetFeedTests(Engine engine)
{
    private static readonly Comparison Spender = new("Spend", Operator.GreaterThan, [Scalar.Of(20.0)], IgnoreCase: false, TimeUnit.None);

    private World _world = null!;
    private SegmentName _segment = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _world = await World.CreateAsync(engine);
        _segment = await _world.AddSegmentAsync(Spender);
    }

    [Test]
    public async Task Deleted_customers_and_leavers_are_forgotten_after_their_days_and_the_feed_says_so()
    {
        await MergeAsync(("leaver", 30), ("deleted", 1), ("member", 30));
        await _world.RefreshAsync(_segment);
        var position = (await _world.MembersAsync([_segment], []))[0].Position;
        var before = new FeedPosition(position.ChangeNumber, position.SegmentVersions);
        await _world.DeleteAsync("deleted");
        await MergeAsync(("leaver", 1));
        await _world.RefreshAsync(_segment);
        var after = new FeedPosition(3, new Dictionary<string, long> { [_segment.ToString()] = 2 });

        _world.Time.Advance(TimeSpan.FromDays(30));
        await _world.Forget.RunAsync(_world.Environment, default);
        Assert.That((await IdsAsync(), await ReasonAsync(before)), Is.EqualTo(("deleted leaver member", (string?)null)), "not before their time");

        _world.Time.Advance(TimeSpan.FromMilliseconds(1));
        var outcome = await _world.Forget.RunAsync(new LeasedJob(Segments.Forgetting.ForgetFeed.Job, 1, 1), default);
        Assert.That(outcome.RetryAt, Is.EqualTo(_world.Time.GetUtcNow().AddHours(1)));
        Assert.That((await IdsAsync(), await ReasonAsync(before)), Is.EqualTo(("member", "CHANGE_FEED_EXPIRED")));
        Assert.That(await ReasonAsync(after), Is.Null, "who has read all there was goes on");
    }

    [Test]
    public async Task A_refresh_that_began_before_does_not_lower_the_floor()
    {
        await MergeAsync(("c1", 30), ("c2", 30));
        await _world.RefreshAsync(_segment);
        await MergeAsync(("c1", 1));
        await _world.RefreshAsync(_segment);
        var begun = await _world.SegmentAsync(_segment);
        await _world.Database.WriteAsync(t => SegmentStore.RaiseFloorAsync(t, begun, 2), default);
        await _world.Database.WriteAsync(t => SegmentStore.PublishAsync(t, _segment, begun.Published with { Version = 3 }), default);
        Assert.That((await _world.SegmentAsync(_segment)).Published.FeedFloor, Is.EqualTo(2));
        await _world.Database.WriteAsync(t => SegmentStore.RaiseFloorAsync(t, begun with { StorageId = "another" }, 3), default);
        Assert.That((await _world.SegmentAsync(_segment)).Published.FeedFloor, Is.EqualTo(2), "a segment made anew is another one");
    }

    [Test]
    public async Task A_segment_that_is_being_refreshed_is_left_alone()
    {
        await MergeAsync(("c1", 30));
        await _world.RefreshAsync(_segment);
        await MergeAsync(("c1", 1));
        await _world.RefreshAsync(_segment);
        _world.Time.Advance(TimeSpan.FromDays(31));
        var refresh = (await _world.Request.RunAsync(_segment, "", "test", default)).Value;
        await _world.Database.WriteAsync(t => RefreshStore.StartAsync(t, refresh.Name, _world.Time.GetUtcNow()), default);
        await _world.Forget.RunAsync(_world.Environment, default);
        Assert.That((await _world.SegmentAsync(_segment)).Published.FeedFloor, Is.EqualTo(1));
    }

    [Test]
    public async Task The_service_makes_the_round_by_itself()
    {
        var time = new ManualTimeProvider();
        await using var harness = await ServiceHarness.StartAsync(new SegmentsApp(), new HarnessOptions { Engine = engine, Time = time });
        var doors = new Doors.Doors(harness);
        await doors.DeclareAsync();
        await doors.ImportAsync("CustomerId\nc1\n");
        await doors.Profiles.DeleteProfilesAsync(new() { Parent = doors.Environment, CustomerIds = { "c1" } });
        time.Advance(TimeSpan.FromDays(31));
        await Eventually.TrueAsync(async () => await FloorAsync() == 2, "the deletion is forgotten");

        Task<long> FloorAsync() => harness.Database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT feed_floor FROM profile_sets"), default);
    }

    private Task<Merged> MergeAsync(params (string Id, double Spend)[] rows) =>
        _world.MergeAsync([.. rows.Select((r, i) => new ProfileRow(i, r.Id, IsDeleted: false, [default, Scalar.Of(r.Spend), default, default]))]);

    // Every id that is in a table of the segment or of the feed.
    private async Task<string> IdsAsync()
    {
        var (set, segment) = (await _world.SetAsync(), await _world.SegmentAsync(_segment));
        var ids = await _world.Database.ReadAsync(
            s => s.QueryAsync<string>($"SELECT customer_id AS id FROM {segment.MemberTable} UNION SELECT {ProfileSet.IdColumn} FROM {set.DeletionTable}"), default);
        return string.Join(' ', ids.Order(StringComparer.Ordinal));
    }

    private async Task<string?> ReasonAsync(FeedPosition position)
    {
        await using var snapshot = await _world.OpenAsync([_segment], []);
        return snapshot.CheckPosition(position)?.Reason;
    }
}
