using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Reporting;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
internal sealed class ReportingTests(Engine engine)
{
    private const int MaxListedRows = 5;

    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(
        engine, settings: new Dictionary<string, string?> { ["Exports:MaxListedRows"] = $"{MaxListedRows}" });

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    [Test]
    public async Task Progress_never_falls_and_shows_the_limit()
    {
        var (environment, export, run) = await BegunAsync();
        var until = Timestamp.FromDateTimeOffset(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

        await _stage.Worker.ReportProgressAsync(Report(run, new RunCounts { Read = 50, Added = 50 }, environment.Segment, 40));
        await _stage.Worker.ReportProgressAsync(Report(run, new RunCounts { Read = 20, Added = 20, Requests = 1 }, environment.Segment, 10, until));

        var shown = (await environment.RunsAsync(export)).Single();
        Assert.That((shown.State, shown.Counts.Read, shown.Counts.Requests), Is.EqualTo((RunState.Processing, 50L, 1L)));
        Assert.That((shown.SegmentCounts.Single().Segment, shown.SegmentCounts.Single().Read), Is.EqualTo((environment.Segment, 40L)));
        Assert.That(shown.ThrottledUntil, Is.EqualTo(until));
        Assert.That(shown.StartTime, Is.Not.Null);
    }

    [Test]
    public async Task Progress_before_begin_and_after_the_end()
    {
        var environment = _stage.NewEnvironment();
        var run = await environment.RunAsync(await environment.CreateAsync());

        Assert.That((await RefusedCall.OfAsync(_stage.Worker.ReportProgressAsync(new ReportProgressRequest { Name = run.Name }))).Reason, Is.EqualTo("RUN_NOT_BEGUN"));
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Successful }))).Reason, Is.EqualTo("RUN_NOT_BEGUN"));
        await environment.BeginAsync(run);
        await environment.CompleteAsync(run);
        Assert.That((await _stage.Worker.ReportProgressAsync(new ReportProgressRequest { Name = run.Name })).CancelRequested, Is.True, "nothing is left to do");
    }

    [Test]
    public async Task Runs_of_another_worker_are_refused_and_stay_as_they_are()
    {
        var (environment, export, run) = await BegunAsync();
        var other = _stage.WorkerOf("other");
        var row = new RejectedRow { CustomerId = "c-1", Reason = "EMAIL_INVALID" };
        RefusedCall[] refused =
        [
            await RefusedCall.OfAsync(other.BeginRunAsync(new BeginRunRequest { Name = run.Name })),
            await RefusedCall.OfAsync(other.ReportProgressAsync(Report(run, new RunCounts { Read = 50 }, environment.Segment, 40))),
            await RefusedCall.OfAsync(other.RecordRejectedRowsAsync(new RecordRejectedRowsRequest { Name = run.Name, Rows = { row } })),
            await RefusedCall.OfAsync(other.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Failed })),
        ];

        Assert.That(refused.Select(call => (call.Status, call.Reason)), Has.All.EqualTo((StatusCode.PermissionDenied, "WRONG_WORKER")));
        var shown = (await environment.RunsAsync(export)).Single();
        Assert.That((shown.State, shown.Counts.Read, shown.RejectionClasses.Count), Is.EqualTo((RunState.Processing, 0L, 0)));
        Assert.That((await other.FindDeletedExportsAsync(new FindDeletedExportsRequest { ExportUids = { "no-such-uid" } })).ExportUids, Is.EqualTo(new[] { "no-such-uid" }));
    }

    [Test]
    public async Task Impossible_reports_are_refused_by_field()
    {
        var (_, _, run) = await BegunAsync();

        var progress = await RefusedCall.OfAsync(_stage.Worker.ReportProgressAsync(Report(run, new RunCounts { Added = -1 }, "environments/e/segments/stranger", -1)));
        var completion = await RefusedCall.OfAsync(_stage.Worker.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Processing }));
        var reason = await RefusedCall.OfAsync(_stage.Worker.CompleteRunAsync(
            new CompleteRunRequest
            {
                Name = run.Name, State = RunState.Failed, Reason = "it broke", Message = new string('m', 1_001), RejectionClasses = { new RejectionClass { Reason = "odd" } },
            }));

        Assert.That(progress.Fields, Is.EqualTo(new[] { "counts", "segment_counts[0]", "segment_counts[0].segment" }));
        Assert.That(completion.Fields, Is.EqualTo(new[] { "state" }));
        Assert.That(reason.Fields, Is.EqualTo(new[]
        {
            "reason", "message", "rejection_classes[0].reason", "rejection_classes[0].count", "rejection_classes[0].first_customer_id",
        }));
    }

    [Test]
    public async Task Rejected_rows_are_listed_once_with_their_classes()
    {
        var (environment, _, run) = await BegunAsync();
        var request = Rejected(run, ("c-2", "EMAIL_INVALID"), ("c-1", "EMAIL_INVALID"), ("c-3", "EXTERNAL_ID_TOO_LARGE"), ("c-2", "EMAIL_INVALID"));

        await _stage.Worker.RecordRejectedRowsAsync(request);
        await _stage.Worker.RecordRejectedRowsAsync(request);

        var shown = await environment.Viewer.GetExportRunAsync(new GetExportRunRequest { Name = run.Name });
        Assert.That(shown.RejectionClasses, Is.EqualTo(new[]
        {
            new RejectionClass { Reason = "EMAIL_INVALID", Count = 2, FirstCustomerId = "c-2" },
            new RejectionClass { Reason = "EXTERNAL_ID_TOO_LARGE", Count = 1, FirstCustomerId = "c-3" },
        }));
        var first = await environment.Viewer.ListRejectedRowsAsync(new ListRejectedRowsRequest { Parent = run.Name, PageSize = 2 });
        var second = await environment.Viewer.ListRejectedRowsAsync(new ListRejectedRowsRequest { Parent = run.Name, PageSize = 2, PageToken = first.NextPageToken });
        Assert.That(first.Rows.Concat(second.Rows).Select(row => row.CustomerId), Is.EqualTo(new[] { "c-1", "c-2", "c-3" }));
        Assert.That((first.Total, second.NextPageToken), Is.EqualTo((3L, "")));
        Assert.That(first.Rows[0], Is.EqualTo(request.Rows[1]));
    }

    [Test]
    public async Task Rejected_rows_beyond_the_limit_are_counted_exactly()
    {
        var (environment, _, run) = await BegunAsync();
        var rows = Enumerable.Range(0, 12).Select(i => ($"c-{i:00}", "EMAIL_INVALID")).ToArray();

        await _stage.Worker.RecordRejectedRowsAsync(Rejected(run, rows[..4]));
        await _stage.Worker.RecordRejectedRowsAsync(Rejected(run, rows[4..]));
        var meanwhile = await environment.Viewer.GetExportRunAsync(new GetExportRunRequest { Name = run.Name });
        await _stage.Worker.RecordRejectedRowsAsync(Rejected(run, rows[4..]));
        await _stage.Worker.CompleteRunAsync(new CompleteRunRequest
        {
            Name = run.Name,
            State = RunState.Successful,
            Counts = new RunCounts { Read = 12, Skipped = 2, Rejected = 10 },
            RejectionClasses = { new RejectionClass { Reason = "EMAIL_INVALID", Count = 12, FirstCustomerId = "c-00" } },
        });

        var listed = await environment.Viewer.ListRejectedRowsAsync(new ListRejectedRowsRequest { Parent = run.Name });
        Assert.That((listed.Rows.Count, listed.Total), Is.EqualTo((MaxListedRows, 12L)));
        var ended = await environment.Viewer.GetExportRunAsync(new GetExportRunRequest { Name = run.Name });
        Assert.That(meanwhile.RejectionClasses.Single().Count, Is.EqualTo(MaxListedRows), "never more than there are");
        Assert.That(ended.RejectionClasses, Is.EqualTo(new[] { new RejectionClass { Reason = "EMAIL_INVALID", Count = 12, FirstCustomerId = "c-00" } }));
    }

    [Test]
    public async Task Wrong_rejected_rows_are_refused_by_field()
    {
        var (_, _, run) = await BegunAsync();

        Assert.That((await RefusedCall.OfAsync(_stage.Worker.RecordRejectedRowsAsync(Rejected(run)))).Fields, Is.EqualTo(new[] { "rows" }));
        Assert.That(
            (await RefusedCall.OfAsync(_stage.Worker.RecordRejectedRowsAsync(Rejected(run, ("c-1", "OK"), ("", "someone@example.com"))))).Fields,
            Is.EqualTo(new[] { "rows[1].customer_id", "rows[1].reason" }));
    }

    [Test]
    public async Task A_thousand_rejected_rows_fit_into_one_call()
    {
        var (_, _, run) = await BegunAsync();
        var rows = Enumerable.Range(0, 1_000).Select(i => ($"c-{i}", "EMAIL_INVALID")).ToArray();

        await _stage.Worker.RecordRejectedRowsAsync(Rejected(run, rows));

        Assert.That((await RefusedCall.OfAsync(_stage.Worker.RecordRejectedRowsAsync(Rejected(run, [.. rows, ("c", "X")])))).Fields, Is.EqualTo(new[] { "rows" }));
    }

    [Test]
    public async Task Completions_that_race_end_the_run_once()
    {
        var (environment, export, run) = await BegunAsync();

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => environment.CompleteAsync(run, i % 2 == 0 ? RunState.Successful : RunState.Failed, reason: i % 2 == 0 ? "" : "BROKEN")));

        var ended = (await environment.RunsAsync(export)).Single();
        Assert.That(ended.State, Is.AnyOf(RunState.Successful, RunState.Failed));
        Assert.That(ended.Reason, Is.EqualTo(ended.State == RunState.Successful ? "" : "BROKEN"));
        await Eventually.TrueAsync(() => environment.CompletionsOf(run) > 0, "the end is announced");
        Assert.That(environment.CompletionsOf(run), Is.EqualTo(1));
        var shown = await environment.Viewer.GetExportAsync(new GetExportRequest { Name = export.Name });
        Assert.That((shown.LastRunState, shown.LastRunTime), Is.EqualTo((ended.State, ended.EndTime)));
    }

    [Test]
    public async Task Completion_takes_the_final_counts_and_announces_them()
    {
        var (environment, export, run) = await BegunAsync();
        await _stage.Worker.ReportProgressAsync(Report(run, new RunCounts { Read = 99, Added = 99, Requests = 2 }, environment.Segment, 99));

        await _stage.Worker.CompleteRunAsync(new CompleteRunRequest
        {
            Name = run.Name,
            State = RunState.Successful,
            Counts = new RunCounts { Read = 10, Added = 4, Updated = 3, Unchanged = 1, Skipped = 1, Rejected = 1, Removed = 2 },
            SegmentCounts = { new SegmentCounts { Segment = environment.Segment, Version = 1, MemberCount = 10, Read = 10, Sent = 7 } },
        });

        var ended = (await environment.RunsAsync(export)).Single();
        Assert.That((ended.Counts.Read, ended.SegmentCounts.Single().Sent, ended.SegmentCounts.Single().MemberCount), Is.EqualTo((10L, 7L, 10L)));
        Assert.That(ended.Counts.Requests, Is.EqualTo(2), "they were made");
        Assert.That(ended.EndTime, Is.Not.Null);
        await Eventually.TrueAsync(() => environment.CompletionsOf(run) == 1, "the end is announced");
        var announced = _stage.Heard.Completed.Single(heard => heard.Run == run.Name);
        Assert.That(
            (announced.Export, announced.State, announced.DeliveredCount, announced.RemovedCount, announced.RejectedCount),
            Is.EqualTo((export.Name, "SUCCESSFUL", 7L, 2L, 2L)));
    }

    [Test]
    public async Task Unknown_runs_are_not_found()
    {
        var name = $"{_stage.NewEnvironment().Name}/exports/x/runs/0";
        var calls = new[]
        {
            await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = name })),
            await RefusedCall.OfAsync(_stage.Worker.ReportProgressAsync(new ReportProgressRequest { Name = name })),
            await RefusedCall.OfAsync(_stage.Worker.RecordRejectedRowsAsync(new RecordRejectedRowsRequest { Name = name, Rows = { new RejectedRow { CustomerId = "c", Reason = "X" } } })),
            await RefusedCall.OfAsync(_stage.Worker.CompleteRunAsync(new CompleteRunRequest { Name = name, State = RunState.Failed })),
        };

        Assert.That(calls.Select(call => call.Status), Has.All.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = "run" }))).Fields, Is.EqualTo(new[] { "name" }));
    }

    private async Task<(StageEnvironment Environment, Export Export, ExportRun Run)> BegunAsync()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var run = await environment.RunAsync(export);
        await environment.BeginAsync(run);
        return (environment, export, run);
    }

    private static ReportProgressRequest Report(ExportRun run, RunCounts counts, string segment, long read, Timestamp? until = null) => new()
    {
        Name = run.Name,
        Counts = counts,
        SegmentCounts = { new SegmentCounts { Segment = segment, Version = 1, Read = read } },
        ThrottledUntil = until,
    };

    private static RecordRejectedRowsRequest Rejected(ExportRun run, params (string CustomerId, string Reason)[] rows) => new()
    {
        Name = run.Name,
        Rows = { rows.Select(row => new RejectedRow { CustomerId = row.CustomerId, Reason = row.Reason, Message = "Repair it." }) },
    };
}
