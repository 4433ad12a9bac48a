using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Importing;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Tests.Refreshing;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class EvaluateSegmentTests(Engine engine)
{
    private static readonly Comparison Spender = new("Spend", Operator.GreaterThan, [Scalar.Of(20.0)], IgnoreCase: false, TimeUnit.None);

    private World _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await World.CreateAsync(engine);

    [Test]
    public async Task Versions_and_counts_follow_the_profiles()
    {
        await MergeAsync(("c1", 10), ("c2", 30), ("c3", 40));
        var segment = await _world.AddSegmentAsync(Spender);
        Assert.That(await _world.RefreshAsync(segment), Is.EqualTo(new RefreshCounts(1, 2, 2, 0)));
        Assert.That(await _world.RefreshAsync(segment), Is.EqualTo(new RefreshCounts(2, 2, 0, 0)));
        await MergeAsync(("c1", 50), ("c2", 1), ("c4", 60));
        Assert.That(await _world.RefreshAsync(segment), Is.EqualTo(new RefreshCounts(3, 3, 2, 1)));
        await _world.DeleteAsync("c3");
        await MergeAsync(("c2", 99));
        Assert.That(await _world.RefreshAsync(segment), Is.EqualTo(new RefreshCounts(4, 3, 1, 1)));
        var published = (await _world.SegmentAsync(segment)).Published;
        Assert.That(published, Is.EqualTo(new Publication(4, 1, 1, 3, 4, _world.Time.GetUtcNow())));
    }

    [Test]
    public async Task The_first_refresh_activates_and_later_ones_leave_the_state_alone()
    {
        var segment = await _world.AddSegmentAsync(Spender);
        Assert.That((await _world.SegmentAsync(segment)).Definition.State, Is.EqualTo(SegmentState.Inactive));
        await _world.RefreshAsync(segment);
        var active = await _world.SegmentAsync(segment);
        Assert.That(active.Definition.State, Is.EqualTo(SegmentState.Active));
        await _world.Database.WriteAsync(t => SegmentStore.UpdateDefinitionAsync(t, active with { Definition = active.Definition with { State = SegmentState.Inactive } }), default);
        await _world.RefreshAsync(segment);
        Assert.That((await _world.SegmentAsync(segment)).Definition.State, Is.EqualTo(SegmentState.Inactive));
    }

    [Test]
    public async Task Members_version_history_and_event_become_visible_together_or_not_at_all()
    {
        await MergeAsync(("c1", 30));
        var segment = await _world.AddSegmentAsync(Spender);
        await _world.RefreshAsync(segment);
        await MergeAsync(("c2", 30), ("c1", 1));
        Assert.That(async () => await _world.Database.WriteAsync<bool>(
            async transaction =>
            {
                await _world.EvaluateAsync(transaction, segment);
                Assert.That((await _world.MembersAsync([segment], [])).Single().Members.Single().CustomerId, Is.EqualTo("c1"), "others see the old version");
                throw new InvalidOperationException("The process dies.");
            },
            default), Throws.InvalidOperationException);
        Assert.That((await _world.SegmentAsync(segment)).Published.Version, Is.EqualTo(1));
        Assert.That((await _world.MembersAsync([segment], [])).Single().Members.Single().CustomerId, Is.EqualTo("c1"));
        Assert.That(await EventsAsync(), Is.EqualTo(1));
        Assert.That((await HistoryAsync(segment)).Single().Counts.Version, Is.EqualTo(1));
    }

    [Test]
    public async Task Readers_see_one_version_or_the_other_while_refreshes_go_on()
    {
        // Each round turns the membership upside down: a reader that sees a mixture sees both halves, or none.
        var even = Enumerable.Range(0, 400).Select(i => $"c{i * 2:D4}").ToArray();
        var odd = Enumerable.Range(0, 400).Select(i => $"c{(i * 2) + 1:D4}").ToArray();
        await MergeAsync([.. even.Select(id => (id, 30.0)), .. odd.Select(id => (id, 1.0))]);
        var segment = await _world.AddSegmentAsync(Spender);
        await _world.RefreshAsync(segment);
        using var over = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var rounds = 0;
            while (!over.IsCancellationRequested)
            {
                var pages = await _world.MembersAsync([segment], []);
                var ids = pages.SelectMany(p => p.Members).Select(m => m.CustomerId).ToArray();
                var expected = pages[0].Position.SegmentVersions[segment.ToString()] % 2 == 1 ? even : odd;
                Assert.That(ids, Is.EqualTo(expected));
                rounds++;
            }

            return rounds;
        });
        for (var round = 0; round < 10; round++)
        {
            var (@in, @out) = round % 2 == 0 ? (odd, even) : (even, odd);
            await MergeAsync([.. @in.Select(id => (id, 30.0)), .. @out.Select(id => (id, 1.0))]);
            await _world.RefreshAsync(segment);
        }

        await over.CancelAsync();
        Assert.That(await reading, Is.GreaterThan(0));
    }

    [Test]
    public async Task Floating_dates_move_with_the_clock()
    {
        await _world.MergeAsync(new ProfileRow(1, "c1", IsDeleted: false, [default, default, Scalar.Of(_world.Time.GetUtcNow()), default]));
        var segment = await _world.AddSegmentAsync(new Comparison("LastVisit", Operator.IsWithinLast, [Scalar.Of(7.0)], IgnoreCase: false, TimeUnit.Days));
        Assert.That((await _world.RefreshAsync(segment)).Members, Is.EqualTo(1));
        _world.Time.Advance(TimeSpan.FromDays(8));
        Assert.That((await _world.RefreshAsync(segment)).Members, Is.Zero);
    }

    [Test]
    public async Task A_rule_that_fits_the_schema_no_more_fails_and_says_where()
    {
        var segment = await _world.AddSegmentAsync(Spender);
        var key = SomeSchema.WithEveryKind.Attributes[0];
        var set = await _world.SetAsync();
        var change = new SchemaChange([], [.. set.Schema.Columns], null);
        await _world.Database.WriteAsync(t => ProfileSetStore.ChangeSchemaAsync(t, set with { Schema = new ProfileSchema(key.Name, [key]) }, change), default);
        var evaluated = await _world.Database.WriteAsync(t => _world.EvaluateAsync(t, segment), default);
        Assert.That(evaluated.Refusal?.Violations.Single().Field, Is.EqualTo("segment.rule.comparison.attribute"));
    }

    [Test]
    public async Task A_segment_made_anew_goes_on_counting_and_old_positions_expire()
    {
        await MergeAsync(("c1", 30));
        var segment = await _world.AddSegmentAsync(Spender);
        await _world.RefreshAsync(segment);
        await _world.RefreshAsync(segment);
        var position = (await _world.MembersAsync([segment], []))[0].Position;
        var delete = new DeleteSegment(_world.Database, new RunningRefreshes(), new JobQueue(_world.Time), _world.Time);
        Assert.That(await delete.RunAsync(segment, "", default), Is.Null);
        await _world.AddSegmentAsync(Spender);
        Assert.That((await _world.SegmentAsync(segment)).Published.Version, Is.Zero);
        Assert.That((await _world.RefreshAsync(segment)).Version, Is.EqualTo(3));
        await using var snapshot = await _world.OpenAsync([segment], []);
        Assert.That(snapshot.CheckPosition(new(position.ChangeNumber, position.SegmentVersions))?.Reason, Is.EqualTo("CHANGE_FEED_EXPIRED"));
    }

    [Test]
    public async Task The_members_of_a_deleted_segment_are_dropped_after_an_hour()
    {
        var name = await _world.AddSegmentAsync(Spender);
        await _world.RefreshAsync(name);
        var segment = await _world.SegmentAsync(name);
        var discard = new DiscardMembers(_world.Database, _world.Time);
        var job = new LeasedJob(DiscardMembers.JobFor(segment, _world.Time.GetUtcNow()), 1, 1);
        Assert.That((await discard.RunAsync(job, default)).RetryAt, Is.EqualTo(_world.Time.GetUtcNow().AddHours(1)));
        _world.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await discard.RunAsync(job, default), Is.EqualTo(JobOutcome.Done));
        Assert.That(async () => await _world.Database.ReadAsync(s => s.QueryAsync<long>($"SELECT count(*) FROM {segment.MemberTable}"), default), Throws.InstanceOf<System.Data.Common.DbException>());
    }

    private Task<Merged> MergeAsync(params (string Id, double Spend)[] rows) =>
        _world.MergeAsync([.. rows.Select((r, i) => new ProfileRow(i, r.Id, IsDeleted: false, [default, Scalar.Of(r.Spend), default, default]))]);

    private Task<long> EventsAsync() => _world.Database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT count(*) FROM outbox WHERE subject LIKE @mine", new { mine = $"%{_world.Environment}%" }), default);

    private Task<IReadOnlyList<SegmentRefresh>> HistoryAsync(SegmentName segment) =>
        _world.Database.ReadAsync(s => RefreshStore.ListAsync(s, segment, new(10, "")), default);
}
