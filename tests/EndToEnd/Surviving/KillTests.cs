using System.Diagnostics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>Whatever dies in the middle of the main job: at the end Braze equals the segment, and hardly anything was sent twice.</summary>
[TestFixtureSource(nameof(Shapes))]
public sealed class KillTests(Shape shape)
{
    private const int Customers = 12_000;
    private const int RowsPerRequest = 75;
    private const int RequestsInFlight = 16;
    private const int RequestsBeforeTheBlow = 40;
    private const string SegmentRefreshedQueue = "exports-segments.segment-refreshed.v1";

    /// <summary>Both transports in one system; each alone in the long form.</summary>
    public static IEnumerable<Shape> Shapes => TestServers.RunsLongForms ? [Shape.Processes, Shape.Sidecars, Shape.Mixed] : [Shape.Mixed];

    private string _folder = "";
    private PrivateServers _servers = null!;
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        // Servers of its own, since these tests restart them.
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        _folder = Directory.CreateTempSubdirectory("insights-servers-").FullName;
        _servers = await PrivateServers.StartAsync(_folder, cancellationToken);
        _stage = await Stage.SetAsync(shape, _servers.Addresses, new Dictionary<string, string>(), cancellationToken);
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await (_stage?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_servers?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_folder, recursive: true);
    }

    [TearDown]
    public async Task ShowLogsAndRaiseTheDead()
    {
        _stage.ShowLogsOfFailure();
        await _stage.RaiseTheDeadAsync(CancellationToken.None);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task The_worker_is_killed_in_the_middle_of_a_run(CancellationToken cancellationToken)
    {
        using var story = await BeginSlowRunAsync(cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await RequestsAsync(story, RequestsBeforeTheBlow, cancellationToken);

        await _stage.Topology.KillAsync("worker-braze", cancellationToken);
        var killed = Stopwatch.GetTimestamp();
        await _stage.Topology.StartAgainAsync("worker-braze", cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("worker killed in the middle of a run", killed), cancellationToken);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task Exports_is_dead_when_the_event_comes(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Members(1_000), cancellationToken);
        await _stage.Topology.KillAsync("exports", cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await EventsWaitAsync(cancellationToken);

        var killed = Stopwatch.GetTimestamp();
        await _stage.Topology.StartAgainAsync("exports", cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("Exports dead when the event came", killed), cancellationToken);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task Exports_is_dead_and_the_event_is_lost(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Members(1_000), cancellationToken);
        await _stage.Topology.KillAsync("exports", cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await EventsWaitAsync(cancellationToken);
        await using (var broker = await PlainBroker.ConnectAsync(_stage.Servers!.RabbitMq, cancellationToken))
        {
            await broker.LoseAllAsync(SegmentRefreshedQueue, cancellationToken);
        }

        var killed = Stopwatch.GetTimestamp();
        await _stage.Topology.StartAgainAsync("exports", cancellationToken);

        var run = await AssertDeliveredAsync(story, refresh, new Blow("event lost while Exports was dead", killed), cancellationToken);
        Assert.That(run.Trigger, Is.EqualTo(RunTrigger.CatchUp));
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task Exports_is_killed_between_the_event_and_the_run(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Members(1_000), cancellationToken);
        var (refresh, killed) = await KillExports.BetweenEventAndRunAsync(_stage, story, "worker-braze", cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("Exports killed between event and run", killed), cancellationToken);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task Segments_is_killed_in_the_middle_of_a_refresh(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Mixed(Customers), cancellationToken);
        var first = await story.RefreshAsync(cancellationToken);
        await story.DeliveredAsync(first, cancellationToken);
        var delivered = await story.Braze.LastRequestAsync(cancellationToken);
        await story.ImportAsync(Story.Mixed(Customers).Take(600).Select(c => c with { Country = "FR", Vip = !c.Vip }), cancellationToken);

        SegmentRefresh asked;
        long killed;
        await using (await HeldTable.OfMembersAsync(_stage.Servers!.Postgres, cancellationToken))
        {
            asked = await story.AskForRefreshAsync(cancellationToken);
            await HeldTable.WaitUntilSomebodyWaitsAsync(_stage.Servers!.Postgres, cancellationToken);
            await _stage.Topology.KillAsync("segments", cancellationToken);
            killed = Stopwatch.GetTimestamp();
        }

        await _stage.Topology.StartAgainAsync("segments", cancellationToken);
        var refresh = await story.RefreshedAsync(asked.Name, cancellationToken);

        Assert.That(refresh.Version, Is.EqualTo(first.Version + 1), "nothing was published twice or left out");
        await AssertDeliveredAsync(story, refresh, new Blow("Segments killed in the middle of a refresh", killed) { AfterRequest = delivered }, cancellationToken);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task RabbitMQ_restarts_in_the_middle_of_a_run(CancellationToken cancellationToken)
    {
        using var story = await BeginSlowRunAsync(cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await RequestsAsync(story, RequestsBeforeTheBlow, cancellationToken);

        var killed = Stopwatch.GetTimestamp();
        var restart = _servers.RestartRabbitMqAsync(kill: true, cancellationToken);
        await story.DeliveredAsync(refresh, cancellationToken);
        await story.ImportAsync(Story.Members(Customers).Take(300).Select(c => c with { Vip = false, Points = 0 }), cancellationToken);
        refresh = await story.RefreshAsync(cancellationToken);
        await restart;

        var blow = new Blow("RabbitMQ killed in the middle of a run, and a refresh without it", killed) { RowsToSendAgain = 300 };
        await AssertDeliveredAsync(story, refresh, blow, cancellationToken);
    }

    [Test]
    [CancelAfter(240_000)]
    public async Task PostgreSQL_restarts_in_the_middle_of_a_run(CancellationToken cancellationToken)
    {
        using var story = await BeginSlowRunAsync(cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await RequestsAsync(story, RequestsBeforeTheBlow, cancellationToken);

        var killed = Stopwatch.GetTimestamp();
        await _servers.RestartPostgresAsync(kill: true, cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("PostgreSQL killed in the middle of a run", killed), cancellationToken);
    }

    // Slow enough that the blow falls in the middle: 160 requests, a tenth of them at a time, a quarter of a second each.
    private async Task<Story> BeginSlowRunAsync(CancellationToken cancellationToken)
    {
        var story = await Story.BeginAsync(_stage, Story.Members(Customers), cancellationToken);
        await story.Braze.AddFaultAsync(new { Kind = "delay", DelayMilliseconds = 250 }, cancellationToken);
        return story;
    }

    private static Task RequestsAsync(Story story, int atLeast, CancellationToken cancellationToken) => Eventually.TrueAsync(
        async () => await story.Braze.LastRequestAsync(cancellationToken) >= atLeast, $"Braze gets {atLeast} requests", TimeSpan.FromSeconds(60), cancellationToken);

    private async Task EventsWaitAsync(CancellationToken cancellationToken)
    {
        await using var broker = await PlainBroker.ConnectAsync(_stage.Servers!.RabbitMq, cancellationToken);
        await Eventually.TrueAsync(
            async () => await broker.CountAsync(SegmentRefreshedQueue, cancellationToken) > 0, "the event waits for Exports", cancellationToken: cancellationToken);
    }

    private static async Task<ExportRun> AssertDeliveredAsync(
        Story story, SegmentRefresh refresh, Blow blow, CancellationToken cancellationToken)
    {
        var run = await story.DeliveredAsync(refresh, cancellationToken);
        var repeated = await RepeatedRowsAsync(story, blow.AfterRequest, cancellationToken) - blow.RowsToSendAgain;
        Measured.Recovery(blow.What, blow.At, repeated);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
        Assert.That(repeated, Is.LessThanOrEqualTo(RequestsInFlight * RowsPerRequest), "rows sent twice: no more than the requests in flight hold");
        return run;
    }

    // Every row of these stories is to be sent once after this request, but for those that a second refresh sends again.
    private static async Task<int> RepeatedRowsAsync(Story story, long after, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, int>();
        await foreach (var request in story.Braze.RequestsAsync(after, cancellationToken))
        {
            foreach (var subject in request.Committed ? request.Objects! : [])
            {
                sent[subject.ExternalId!] = sent.GetValueOrDefault(subject.ExternalId!) + 1;
            }
        }

        return sent.Values.Sum(times => times - 1);
    }

    /// <summary>What happened in the middle of the job.</summary>
    /// <param name="What">For the report.</param>
    /// <param name="At">When.</param>
    private sealed record Blow(string What, long At)
    {
        /// <summary>The last request to Braze that belongs to an earlier part of the story.</summary>
        public long AfterRequest { get; init; }

        /// <summary>Rows that a second refresh rightly sends once more.</summary>
        public int RowsToSendAgain { get; init; }
    }
}
