using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Running;

/// <summary>Runs that take everybody out instead of delivering (D-08).</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
internal sealed class EmptyingTests(Engine engine)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(engine);

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    [Test]
    public async Task Emptying_tells_the_worker_and_no_refresh_brings_anybody_back()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAdvertisingAsync("ads");
        var follower = await environment.CreateAsync("follower");

        var run = await environment.Administrator.RunExportAsync(new RunExportRequest { Name = export.Name, EmptyAudiences = true });

        var assignment = await _stage.WorkerOf("microsoft-advertising").BeginRunAsync(new BeginRunRequest { Name = run.Name });
        var after = await environment.Viewer.GetExportAsync(new GetExportRequest { Name = export.Name });
        Assert.Multiple(() =>
        {
            Assert.That((run.EmptyAudiences, run.FullComparison, run.ResendAll), Is.EqualTo((true, false, false)));
            Assert.That(assignment.EmptyAudiences, Is.True);
            Assert.That((after.FollowRefreshes, after.Etag == export.Etag), Is.EqualTo((false, false)));
            Assert.That(assignment.Export.Etag, Is.EqualTo(after.Etag), "the run works by the export as it is now");
        });
        await _stage.WorkerOf("microsoft-advertising").CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Successful, Counts = new RunCounts { Removed = 7 } });

        await environment.RefreshAsync(2);
        await environment.NewestRunAsync(follower, RunState.Queued);
        var only = (await environment.RunsAsync(export)).Single();
        Assert.That((only.State, only.EmptyAudiences, only.Counts.Removed), Is.EqualTo((RunState.Successful, true, 7L)));
        Assert.That((await environment.RunAsync(export)).EmptyAudiences, Is.False, "a run by call delivers again");
    }

    [Test]
    public async Task Emptying_does_not_mind_that_segments_are_gone_or_inactive()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAdvertisingAsync("ads");
        _stage.Segments.Remove(environment.Segment);

        var run = await environment.Administrator.RunExportAsync(new RunExportRequest { Name = export.Name, EmptyAudiences = true });

        var assignment = await _stage.WorkerOf("microsoft-advertising").BeginRunAsync(new BeginRunRequest { Name = run.Name });
        Assert.That((assignment.EmptyAudiences, assignment.SegmentDisplayNames.Count), Is.EqualTo((true, 0)));
    }

    [Test]
    public async Task Emptying_is_not_together_with_delivering_and_changes_nothing_when_refused()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync();
        foreach (var request in new[] { new RunExportRequest { FullComparison = true }, new RunExportRequest { ResendAll = true } })
        {
            (request.Name, request.EmptyAudiences) = (export.Name, true);
            var refused = await RefusedCall.OfAsync(environment.Administrator.RunExportAsync(request));
            Assert.That((refused.Status, refused.Fields), Is.EqualTo((StatusCode.InvalidArgument, new[] { "empty_audiences" })));
        }

        await environment.RunAsync(export);
        var busy = await RefusedCall.OfAsync(environment.Administrator.RunExportAsync(new RunExportRequest { Name = export.Name, EmptyAudiences = true }));
        Assert.That(busy.Reason, Is.EqualTo("RUN_ACTIVE"));
        Assert.That(await environment.Viewer.GetExportAsync(new GetExportRequest { Name = export.Name }), Has.Property("FollowRefreshes").True.And.Property("Etag").EqualTo(export.Etag));
    }
}
