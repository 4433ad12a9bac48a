using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Running;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
internal sealed class RunningTests(Engine engine)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(engine);

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    [Test]
    public async Task A_refresh_opens_one_run_and_asks_the_worker()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();

        await environment.RefreshAsync(2);

        var run = await environment.NewestRunAsync(export, RunState.Queued);
        Assert.That((run.Trigger, run.StartedBy, run.FullComparison), Is.EqualTo((RunTrigger.SegmentRefreshed, "service:segments", false)));
        await Eventually.TrueAsync(() => environment.RequestsFor(run) == 1, "the worker is asked");
        var request = _stage.Heard.Requested.Single(heard => heard.Run == run.Name);
        Assert.That((request.Export, request.Connection), Is.EqualTo((export.Name, environment.Shared)));
        Assert.That((await environment.Viewer.GetExportAsync(new GetExportRequest { Name = export.Name })).LastRunState, Is.EqualTo(RunState.Queued));
    }

    [Test]
    public async Task A_refresh_opens_nothing_for_exports_that_do_not_follow()
    {
        var environment = _stage.NewEnvironment();
        _stage.Segments.Put($"{environment.Name}/segments/other", 1);
        var silent = await environment.CreateAsync("silent", export => export.FollowRefreshes = false);
        var other = await environment.CreateAsync("other", export => (export.Segments[0], _) = ($"{environment.Name}/segments/other", 0));
        var follower = await environment.CreateAsync("follower");

        await environment.RefreshAsync(2);

        await environment.NewestRunAsync(follower, RunState.Queued);
        Assert.That(await environment.RunsAsync(silent), Is.Empty);
        Assert.That(await environment.RunsAsync(other), Is.Empty);
    }

    [Test]
    public async Task Refreshes_before_the_worker_begins_need_no_further_run()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        await environment.RefreshAsync(2);
        var run = await environment.NewestRunAsync(export, RunState.Queued);

        await environment.RefreshAsync(3);
        var later = await SettleEventsAsync(environment);
        await environment.BeginAsync(run);
        await environment.CompleteAsync(run, version: 3);

        Assert.That((await environment.RunsAsync(export)).Select(one => one.Name), Is.EqualTo(new[] { run.Name }), later);
    }

    [Test]
    public async Task Refreshes_during_a_run_lead_to_one_more_run_after_it()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        await environment.RefreshAsync(2);
        var first = await environment.NewestRunAsync(export, RunState.Queued);
        await environment.BeginAsync(first);

        await environment.RefreshAsync(3);
        await environment.RefreshAsync(4);
        await SettleEventsAsync(environment);
        Assert.That(await environment.RunsAsync(export), Has.Count.EqualTo(1), "one run at a time");

        await environment.CompleteAsync(first, version: 2);
        var second = await environment.NewestRunAsync(export, RunState.Queued);
        await environment.BeginAsync(second);
        await environment.CompleteAsync(second, version: 4);
        await SettleEventsAsync(environment);

        Assert.That((await environment.RunsAsync(export)).Select(run => run.State), Is.EqualTo(new[] { RunState.Successful, RunState.Successful }));
    }

    [Test]
    public async Task RunExport_is_refused_while_a_run_is_active()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();

        var calls = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            try
            {
                return (await environment.RunAsync(export)).Name;
            }
            catch (RpcException exception)
            {
                return ServiceDefaults.Errors.RefusalStatus.GetReason(exception);
            }
        }));

        Assert.That(calls.Count(answer => answer == "RUN_ACTIVE"), Is.EqualTo(4), string.Join(", ", calls));
        Assert.That(await environment.RunsAsync(export), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task RunExport_repeated_with_its_request_id_returns_the_same_run()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var request = new RunExportRequest { Name = export.Name, FullComparison = true, RequestId = "r-1" };

        var first = await environment.Administrator.RunExportAsync(request);
        var again = await environment.Administrator.RunExportAsync(request);
        await environment.BeginAsync(first);
        await environment.CompleteAsync(first);
        var afterwards = await environment.Administrator.RunExportAsync(request);

        Assert.That(first.FullComparison, Is.True);
        Assert.That(first.StartedBy, Is.EqualTo("user:administrator"));
        Assert.That(new[] { again.Name, afterwards.Name }, Has.All.EqualTo(first.Name));
    }

    [TestCase(0, false, "SEGMENT_NEVER_REFRESHED")]
    [TestCase(3, false, "SEGMENT_INACTIVE")]
    public async Task RunExport_with_nothing_to_deliver_says_why(long version, bool active, string reason)
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        _stage.Segments.Put(environment.Segment, version, active);

        Assert.That((await RefusedCall.OfAsync(environment.Administrator.RunExportAsync(new RunExportRequest { Name = export.Name }))).Reason, Is.EqualTo(reason));
        Assert.That(await environment.RunsAsync(export), Is.Empty);
    }

    [Test]
    public async Task A_refresh_with_a_deleted_segment_in_the_export_takes_nobody_out()
    {
        var environment = _stage.NewEnvironment();
        var other = $"{environment.Name}/segments/other";
        _stage.Segments.Put(other, 1);
        var export = await environment.CreateAsync(change: wanted => wanted.Segments.Add(other));
        _stage.Segments.Remove(other);

        await environment.RefreshAsync(2);

        var run = await environment.NewestRunAsync(export, RunState.Skipped);
        Assert.That(run.Reason, Is.EqualTo("SEGMENT_DELETED"));
        Assert.That(run.EndTime, Is.Not.Null);
        await Eventually.TrueAsync(() => environment.CompletionsOf(run) == 1, "the end is announced");
        Assert.That(environment.RequestsFor(run), Is.Zero, "no worker is asked");
        Assert.That((await environment.Viewer.GetExportAsync(new GetExportRequest { Name = export.Name })).Warnings.Single(), Does.StartWith(other));
    }

    [Test]
    public async Task Cancel_of_a_queued_run_ends_it_at_once()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.RunAsync(export);

        var canceled = await environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name });

        Assert.That(canceled.State, Is.EqualTo(RunState.Canceled));
        await Eventually.TrueAsync(() => environment.CompletionsOf(run) == 1, "the end is announced");
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = run.Name }))).Reason, Is.EqualTo("RUN_ENDED"));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name }))).Reason, Is.EqualTo("RUN_ENDED"));
    }

    [Test]
    public async Task Cancel_of_a_run_at_work_asks_the_worker()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.RunAsync(export);
        await environment.BeginAsync(run);

        var canceled = await environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name });
        Assert.That(canceled.State, Is.EqualTo(RunState.Processing));
        Assert.That((await _stage.Worker.ReportProgressAsync(new ReportProgressRequest { Name = run.Name })).CancelRequested, Is.True);
        await environment.CompleteAsync(run, RunState.Canceled);

        var ended = (await environment.RunsAsync(export)).Single();
        Assert.That((ended.State, ended.Reason, ended.Counts.Added), Is.EqualTo((RunState.Canceled, "CANCELED", 10L)), "what was sent is remembered");
    }

    [Test]
    public async Task Cancel_of_a_run_that_its_worker_cannot_go_on_with_ends_it_at_the_next_claim()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.RunAsync(export);
        await environment.BeginAsync(run);
        await environment.Administrator.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name });

        Assert.That((await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = run.Name }))).Reason, Is.EqualTo("RUN_ENDED"));

        var ended = (await environment.RunsAsync(export)).Single();
        Assert.That((ended.State, ended.Reason, ended.EndTime is not null), Is.EqualTo((RunState.Canceled, "CANCELED", true)));
        await Eventually.TrueAsync(() => environment.CompletionsOf(run) == 1, "the end is announced");
        Assert.That((await environment.RunAsync(export)).State, Is.EqualTo(RunState.Queued), "the next run is not kept waiting");
    }

    [Test]
    public async Task History_tells_the_export_user_and_what_left_a_single_segment()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        await environment.RefreshAsync(2);
        var run = await environment.NewestRunAsync(export, RunState.Queued);
        await environment.BeginAsync(run);
        await _stage.Worker.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Successful, Counts = new RunCounts { Removed = 5 }, SegmentCounts = { new SegmentCounts { Segment = export.Segments[0], Removed = 3 } } });

        var ended = (await environment.RunsAsync(export)).Single();
        Assert.That((ended.StartedBy, ended.ExportUser), Is.EqualTo(("service:segments", "user:exporter")));
        Assert.That((ended.SegmentCounts.Single().HasRemoved, ended.SegmentCounts.Single().Removed), Is.EqualTo((true, 3L)));
    }

    [Test]
    public async Task What_left_one_of_several_segments_is_not_known_and_not_made_up()
    {
        var environment = _stage.NewEnvironment();
        var other = $"{environment.Name}/segments/other";
        _stage.Segments.Put(other, version: 1);
        var run = await environment.RunAsync(await environment.CreateAsync(change: export => export.Segments.Add(other)));

        Assert.That(run.SegmentCounts.Select(counts => counts.HasRemoved), Is.EqualTo(new[] { false, false }));
    }

    [Test]
    public async Task A_run_works_by_the_definition_of_its_opening()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.RunAsync(export);
        var changed = export.Clone();
        (changed.DisplayName, changed.Braze.SegmentApiIdentifier) = ("Other", "other");
        await environment.Administrator.UpdateExportAsync(new UpdateExportRequest { Export = changed, UpdateMask = new FieldMask { Paths = { "display_name", "braze" } } });

        var assignment = await environment.BeginAsync(run);

        Assert.That((assignment.Run, assignment.DestinationAccount, assignment.ExportUid.Length), Is.EqualTo((run.Name, $"account of {environment.Shared}", 32)));
        Assert.That((assignment.Export.Name, assignment.Export.DisplayName, assignment.Export.Connection), Is.EqualTo((export.Name, "Our best", environment.Shared)));
        Assert.That(assignment.Export.Segments, Is.EqualTo(export.Segments));
        Assert.That(assignment.Export.Braze, Is.EqualTo(export.Braze));
        Assert.That(await environment.BeginAsync(run), Is.EqualTo(assignment), "after a crash the worker gets the same");
    }

    [Test]
    public async Task A_run_that_shall_send_everything_again_says_so_to_the_worker_and_to_people()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.Administrator.RunExportAsync(new RunExportRequest { Name = export.Name, ResendAll = true });
        Assert.That((run.ResendAll, run.FullComparison), Is.EqualTo((true, true)));
        var assignment = await environment.BeginAsync(run);
        Assert.That((assignment.ResendAll, assignment.FullComparison), Is.EqualTo((true, true)));
        Assert.That((await environment.NewestRunAsync(export, RunState.Processing)).ResendAll, Is.True);
    }

    /// <summary>Waits until all events so far were handled: an export of its own gets its run from a later one.</summary>
    private async Task<string> SettleEventsAsync(StageEnvironment environment)
    {
        var segment = $"{environment.Name}/segments/{Some.Name()}";
        _stage.Segments.Put(segment, 1);
        var marker = await environment.CreateAsync(Some.Name("marker"), export => export.Segments[0] = segment);
        _stage.Segments.Put(segment, 2);
        await _stage.PublishRefreshedAsync(segment, 2);
        await environment.NewestRunAsync(marker, RunState.Queued);
        return marker.Name;
    }
}
