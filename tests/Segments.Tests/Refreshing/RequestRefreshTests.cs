using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.Segments.Tests.Refreshing;

/// <summary>Refreshes while no loop takes them.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class RequestRefreshTests(Engine engine)
{
    private static readonly Comparison Anybody = new("CustomerId", Operator.IsNotNull, [], IgnoreCase: false, TimeUnit.None);

    private World _world = null!;
    private RequestRefresh _request = null!;
    private SegmentName _segment = null!;

    [SetUp]
    public async Task CreateAsync()
    {
        _world = await World.CreateAsync(engine);
        _request = _world.Request;
        _segment = await _world.AddSegmentAsync(Anybody);
    }

    [Test]
    public async Task One_that_waits_serves_everybody_and_one_at_work_nobody_else()
    {
        var first = await AskAsync("ada");
        Assert.That(await AskAsync("ben"), Is.EqualTo(first));
        await _world.Database.WriteAsync(t => RefreshStore.StartAsync(t, first.Name, _world.Time.GetUtcNow()), default);
        var second = await AskAsync("ben");
        Assert.That(second.Name, Is.Not.EqualTo(first.Name));
        Assert.That(second.RequestedBy, Is.EqualTo("ben"));
        Assert.That(await AskAsync("cleo"), Is.EqualTo(second));
    }

    [Test]
    public async Task Many_who_ask_at_once_get_one()
    {
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => AskAsync($"caller{i}"))));
        Assert.That(asked.Select(r => r.Name).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task One_that_waits_can_be_canceled_and_does_nothing_when_its_turn_comes()
    {
        var refresh = await AskAsync("ada");
        var running = new RunningRefreshes();
        var canceled = await new CancelRefresh(_world.Database, running, new JobQueue(_world.Time), _world.Time).RunAsync(refresh.Name, default);
        Assert.That(canceled.Value.State, Is.EqualTo(RefreshState.Canceled));
        var handler = new RefreshSegment(_world.Database, _world.Evaluate, new JobLease(), running, _world.Time, NullLogger<RefreshSegment>.Instance);
        Assert.That(await handler.RunAsync(new LeasedJob(RefreshJob.For(refresh.Name), 1, 1), default), Is.EqualTo(JobOutcome.Done));
        Assert.That((await _world.SegmentAsync(_segment)).Published.Version, Is.Zero);
        Assert.That((await AskAsync("ada")).Name, Is.Not.EqualTo(refresh.Name));
    }

    [Test]
    public async Task Whoever_lost_the_lease_publishes_nothing()
    {
        var refresh = await AskAsync("ada");
        var handler = new RefreshSegment(
            _world.Database, _world.Evaluate, new JobLease(), new RunningRefreshes(), _world.Time, NullLogger<RefreshSegment>.Instance);
        Assert.That(async () => await handler.RunAsync(new LeasedJob(RefreshJob.For(refresh.Name), 1, Epoch: 77), default), Throws.TypeOf<LeaseLostException>());
        Assert.That((await _world.SegmentAsync(_segment)).Published.Version, Is.Zero);
        Assert.That(await _world.RefreshAsync(_segment), Is.EqualTo(new RefreshCounts(1, 0, 0, 0)), "no table is left behind");
    }

    private async Task<SegmentRefresh> AskAsync(string principal) => (await _request.RunAsync(_segment, "", principal, default)).Value;
}
