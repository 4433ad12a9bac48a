using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Healing;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class HealingTests(Engine engine) : IAsyncDisposable
{
    // Short of a lease, so that running jobs are not taken for dead.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan CatchUpPause = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan AfterQueued = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AfterSilence = TimeSpan.FromSeconds(60);

    private readonly ManualTimeProvider _time = new();
    private Stage _stage = null!;
    private StageEnvironment _environment = null!;

    [SetUp]
    public async Task Start()
    {
        _stage = await Stage.StartAsync(engine, _time, new Dictionary<string, string?>
        {
            ["Exports:HealEvery"] = "00:00:10",
            ["Exports:CatchUpPause"] = $"{CatchUpPause}",
            ["Exports:AskAgainAfterQueued"] = $"{AfterQueued}",
            ["Exports:AskAgainAfterSilence"] = $"{AfterSilence}",
        });
        _environment = _stage.NewEnvironment();
    }

    public ValueTask DisposeAsync() => _stage.DisposeAsync();

    [Test]
    public async Task A_lost_event_is_made_up_for()
    {
        var export = await _environment.CreateAsync();

        _stage.Segments.Put(_environment.Segment, version: 2);
        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 1, "a run is opened");

        var run = (await _environment.RunsAsync(export)).Single();
        Assert.That((run.Trigger, run.StartedBy, run.State), Is.EqualTo((RunTrigger.CatchUp, "service:exports", RunState.Queued)));
        await Eventually.TrueAsync(() => _environment.RequestsFor(run) >= 1, "the worker is asked");
    }

    [Test]
    public async Task What_was_there_at_saving_and_what_was_delivered_needs_no_run()
    {
        _stage.Segments.Put(_environment.Segment, version: 7);
        var saved = await _environment.CreateAsync("saved");
        var delivered = await _environment.CreateAsync("delivered");
        await CompleteAsync(delivered, RunState.Successful, version: 8);
        _stage.Segments.Put($"{_environment.Name}/segments/late", version: 3);
        var extended = await UpdateAsync(saved, "segments", export => export.Segments.Add($"{_environment.Name}/segments/late"));

        await PassARoundAsync();

        Assert.That(await _environment.RunsAsync(extended), Is.Empty);
        Assert.That(await _environment.RunsAsync(delivered), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_disconnected_export_stays_idle_and_so_does_a_reattached_one_until_the_next_version()
    {
        var export = await UpdateAsync(await _environment.CreateAsync(), "connection", wanted => wanted.Connection = "");
        _stage.Segments.Put(_environment.Segment, version: 2);
        await PassARoundAsync();
        Assert.That(await _environment.RunsAsync(export), Is.Empty);

        export = await UpdateAsync(export, "connection", wanted => wanted.Connection = _environment.Shared);
        await PassARoundAsync();
        Assert.That(await _environment.RunsAsync(export), Is.Empty, "saving runs nothing");

        _stage.Segments.Put(_environment.Segment, version: 3);
        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 1, "a run is opened");
    }

    [Test]
    public async Task A_failed_run_is_tried_again_after_a_pause()
    {
        var export = await _environment.CreateAsync();
        _stage.Segments.Put(_environment.Segment, version: 2);
        await CompleteAsync(export, RunState.Failed, version: 0, "UNAVAILABLE");
        var failed = _time.GetUtcNow();

        await PassARoundAsync();
        Assert.That(await _environment.RunsAsync(export), Has.Count.EqualTo(1), "not at once");

        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 2, "a run is opened");
        Assert.That(_time.GetUtcNow() - failed, Is.GreaterThanOrEqualTo(CatchUpPause));
    }

    [Test]
    public async Task A_canceled_run_is_not_opened_again_before_the_next_version()
    {
        var export = await _environment.CreateAsync();
        _stage.Segments.Put(_environment.Segment, version: 2);
        var run = await _environment.RunAsync(export);
        await _environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name });

        await PassARoundAsync();

        Assert.That(await _environment.RunsAsync(export), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_run_that_is_canceled_while_the_round_asks_others_is_not_opened_again()
    {
        var export = await _environment.CreateAsync();
        var (asked, answer, questions) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        _stage.Connections.BeforeAnswer = () =>
        {
            asked.TrySetResult();
            return Interlocked.Increment(ref questions) == 1 ? answer.Task : Task.CompletedTask;
        };
        _stage.Segments.Put(_environment.Segment, version: 2);
        await PassAsync(() => Task.FromResult(asked.Task.IsCompleted), "the round has found the export behind");
        var run = await _environment.RunAsync(export);
        await _environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name });

        answer.SetResult();
        await PassARoundAsync();

        Assert.That(await _environment.RunsAsync(export), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_connection_that_needs_attention_waits_for_its_repair()
    {
        var export = await _environment.CreateAsync();
        _stage.Connections.Put(_environment.Shared, shared: true, state: ConnectionState.NeedsAttention);
        _stage.Segments.Put(_environment.Segment, version: 2);
        await PassARoundAsync();
        Assert.That(await _environment.RunsAsync(export), Is.Empty);

        _stage.Connections.Put(_environment.Shared, shared: true);
        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 1, "a run is opened");
    }

    [Test]
    public async Task An_outage_of_Segments_delays_healing_and_opening()
    {
        var export = await _environment.CreateAsync();
        _stage.Segments.Put($"{_environment.Name}/segments/other", version: 1);
        await _environment.CreateAsync("idle", wanted => wanted.Segments[0] = $"{_environment.Name}/segments/other");
        _stage.Segments.Outage = StatusCode.Unavailable;
        await _environment.RefreshAsync(2);
        await PassAsync(() => Task.FromResult(_stage.Harness.Logs.Records.Any(record => record.Text.Contains("out of reach"))), "a round is put off");
        Assert.That(await _environment.RunsAsync(export), Is.Empty);

        _stage.Segments.Outage = null;
        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 1, "a run is opened");
        Assert.That((await _environment.RunsAsync(export)).Single().Trigger, Is.EqualTo(RunTrigger.SegmentRefreshed));
    }

    [Test]
    public async Task An_export_that_nobody_can_answer_for_does_not_keep_the_others_waiting()
    {
        var broken = $"{_environment.Name}/segments/broken";
        _stage.Segments.Put(broken, version: 1);
        _stage.Harness.Logs.Announce("could not be found out");
        var unlucky = await _environment.CreateAsync("unlucky", export => export.Segments[0] = broken);
        var export = await _environment.CreateAsync();
        _stage.Segments.Break(broken);
        _stage.Segments.Put(_environment.Segment, version: 2);

        await PassAsync(async () => (await _environment.RunsAsync(export)).Count == 1, "a run is opened for the other one");

        Assert.That(_stage.Harness.Logs.Records.Where(record => record.Text.Contains("could not be found out")).Select(record => record.Text), Has.All.Contains(unlucky.Name));
    }

    [Test]
    public async Task Segments_is_asked_few_things_at_the_same_time()
    {
        var segments = Enumerable.Range(0, 50).Select(i => $"{_environment.Name}/segments/s{i}").ToList();
        segments.ForEach(segment => _stage.Segments.Put(segment, version: 1));

        var hold = new TaskCompletionSource();
        _stage.Segments.Hold = hold.Task;

        var creating = _environment.CreateAsync(change: export => export.Segments.Add(segments[1..]));
        await Eventually.TrueAsync(() => _stage.Segments.MostAsking >= 16, "as much as allowed is asked");
        hold.SetResult();
        await creating;

        Assert.That(_stage.Segments.MostAsking, Is.EqualTo(16));
    }

    [Test]
    public async Task A_silent_run_is_asked_for_again()
    {
        var export = await _environment.CreateAsync();
        var run = await _environment.RunAsync(export);
        await Eventually.TrueAsync(() => _environment.RequestsFor(run) == 1, "the worker is asked");
        await PassAsync(() => Task.FromResult(_environment.RequestsFor(run) == 2), "the worker is asked for a queued run again");
        Assert.That(_time.GetUtcNow() - run.RequestTime.ToDateTimeOffset(), Is.GreaterThanOrEqualTo(AfterQueued));

        await _environment.BeginAsync(run);
        var begun = _time.GetUtcNow();
        var known = _environment.RequestsFor(run);
        await PassAsync(() => Task.FromResult(_environment.RequestsFor(run) == known + 1), "the worker is asked for a run at work again");
        Assert.That(_time.GetUtcNow() - begun, Is.GreaterThanOrEqualTo(AfterSilence));
    }

    private async Task CompleteAsync(Export export, RunState state, long version, string reason = "")
    {
        var run = await _environment.RunAsync(export);
        await _environment.BeginAsync(run);
        await _environment.CompleteAsync(run, state, version, reason);
    }

    private async Task<Export> UpdateAsync(Export export, string path, Action<Export> change)
    {
        var wanted = export.Clone();
        change(wanted);
        return await _environment.Administrator.UpdateExportAsync(new UpdateExportRequest { Export = wanted, UpdateMask = new FieldMask { Paths = { path } } });
    }

    /// <summary>Lets time pass until the condition holds.</summary>
    private Task PassAsync(Func<Task<bool>> condition, string expectation) => Eventually.TrueAsync(
        async () =>
        {
            _time.Advance(Step);
            return await condition();
        },
        expectation,
        TimeSpan.FromSeconds(60));

    /// <summary>Lets a whole round pass: an export made last, and so looked at last, is caught up.</summary>
    private async Task PassARoundAsync()
    {
        var (segment, connection) = ($"{_environment.Name}/segments/{Some.Name()}", $"{_environment.Name}/connections/marker");
        _stage.Segments.Put(segment, 1);
        _stage.Connections.Put(connection, shared: true);
        var marker = await _environment.CreateAsync(Some.Name("marker"), export => (export.Segments[0], export.Connection) = (segment, connection));
        _stage.Segments.Put(segment, 2);
        await PassAsync(async () => (await _environment.RunsAsync(marker)).Count == 1, "the marker is caught up");
    }
}
