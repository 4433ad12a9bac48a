using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Defining;

/// <summary>Exports to a destination that shows each segment as an audience of its own.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
internal sealed class AudiencePerSegmentTests(Engine engine)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(engine);

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    [Test]
    public async Task Its_own_worker_is_asked_and_gets_the_names_of_the_time_when_the_run_was_opened()
    {
        var environment = _stage.NewEnvironment();
        _stage.Segments.Put(environment.Segment, 1, displayName: "Our best");
        var export = await environment.CreateAdvertisingAsync("ads");
        var run = await environment.RunAsync(export);
        _stage.Segments.Put(environment.Segment, 1, displayName: "Renamed since");

        await Eventually.TrueAsync(() => environment.RequestsFor(run) == 1, "the worker is asked");
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = run.Name }))).Reason, Is.EqualTo("WRONG_WORKER"));
        var assignment = await _stage.WorkerOf("microsoft-advertising").BeginRunAsync(new BeginRunRequest { Name = run.Name });
        Assert.That(assignment.SegmentDisplayNames, Is.EqualTo(new Dictionary<string, string> { [environment.Segment] = "Our best" }));
        Assert.That((assignment.Export.MicrosoftAdvertising.AccountId, assignment.Export.MicrosoftAdvertising.MembershipDurationDays), Is.EqualTo(("2000001", 390)));
    }

    [Test]
    public async Task A_run_that_the_worker_skips_says_why_and_is_not_made_up_for()
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAdvertisingAsync("ads");
        var run = await environment.RunAsync(export);
        var worker = _stage.WorkerOf("microsoft-advertising");
        await worker.BeginRunAsync(new BeginRunRequest { Name = run.Name });
        await worker.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Skipped, Reason = "TOO_MANY_MEMBERS", Message = "More than 500,000." });

        var shown = await environment.NewestRunAsync(export, RunState.Skipped);
        Assert.That((shown.Reason, shown.Message), Is.EqualTo(("TOO_MANY_MEMBERS", "More than 500,000.")));
    }

    [Test]
    public async Task An_ad_account_that_the_connection_does_not_reach_is_warned_of_until_it_does()
    {
        var environment = _stage.NewEnvironment();
        _stage.Connections.Reach(environment.Advertising, "2000007");
        var export = await environment.CreateAdvertisingAsync("ads");
        Assert.That(export.Warnings, Has.Some.Contains("does not reach the ad account 2000001"));

        _stage.Connections.Reach(environment.Advertising, "2000001");
        await environment.RunAsync(export);
        var shown = await environment.Administrator.GetExportAsync(new GetExportRequest { Name = export.Name });
        Assert.That(shown.Warnings, Has.None.Contains("ad account"));
    }

    [Test]
    public async Task Two_exports_do_not_keep_the_audience_of_one_segment_in_one_account()
    {
        var environment = _stage.NewEnvironment();
        var other = $"{environment.Name}/segments/other";
        _stage.Segments.Put(other, 1);
        var second = $"{environment.Name}/connections/second";
        _stage.Connections.Put(second, shared: true, "microsoft-advertising", account: $"account of {environment.Advertising}");
        await environment.CreateAdvertisingAsync("ads");

        var twin = environment.NewAdvertising(export => (export.Connection, _) = (second, 0));
        twin.Segments.Insert(0, other);
        var refused = await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(new CreateExportRequest { Parent = environment.Name, ExportId = "twin", Export = twin }));
        Assert.That((refused.Status, refused.Fields), Is.EqualTo((StatusCode.InvalidArgument, new[] { "export.segments[1]" })));

        twin.Segments.Remove(environment.Segment);
        var saved = await environment.CreateAdvertisingAsync("twin", export => (export.Segments[0], _) = (other, 0));
        saved.Segments.Add(environment.Segment);
        var grown = await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(new UpdateExportRequest { Export = saved, UpdateMask = new FieldMask { Paths = { "segments" } } }));
        Assert.That(grown.Fields, Is.EqualTo(new[] { "export.segments[1]" }));

        await environment.CreateAdvertisingAsync("elsewhere", export => export.MicrosoftAdvertising.AccountId = "2000002");
    }

    [Test]
    public async Task Equal_names_and_wrong_settings_are_told_at_once()
    {
        var environment = _stage.NewEnvironment();
        var same = $"{environment.Name}/segments/same";
        _stage.Segments.Put(environment.Segment, 1, displayName: "VIP");
        _stage.Segments.Put(same, 1, displayName: "vip");
        var refused = await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(new CreateExportRequest
        {
            Parent = environment.Name,
            ExportId = "ads",
            Export = environment.NewAdvertising(export =>
            {
                export.Segments.Add(same);
                export.MicrosoftAdvertising.CustomerId = "cid=5";
            }),
        }));
        Assert.That(refused.Fields, Is.EquivalentTo(new[] { "export.segments[1]", "export.microsoft_advertising.customer_id" }));
    }
}
