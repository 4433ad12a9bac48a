using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Defining;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
internal sealed class DefiningTests(Engine engine)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(engine);

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    [Test]
    public async Task Create_answers_with_defaults_filled_in_and_runs_nothing()
    {
        var environment = _stage.NewEnvironment();

        var created = await environment.CreateAsync();

        Assert.That(created.Name, Is.EqualTo($"{environment.Name}/exports/best"));
        Assert.That(created.FollowRefreshes, Is.True);
        Assert.That(created.Braze.AttributeShape, Is.EqualTo(BrazeAttributeShape.NamedByIdentifier));
        Assert.That(created.Etag, Is.Not.Empty);
        Assert.That(created.CreateTime, Is.Not.Null);
        Assert.That(created.LastRunState, Is.EqualTo(RunState.Unspecified));
        Assert.That(created.Warnings, Is.Empty);
        Assert.That(await environment.Viewer.GetExportAsync(new GetExportRequest { Name = created.Name }), Is.EqualTo(created));
        Assert.That(await environment.RunsAsync(created), Is.Empty);
    }

    [Test]
    public async Task Create_refuses_all_wrong_fields_at_once()
    {
        var environment = _stage.NewEnvironment();
        var export = new Export
        {
            DisplayName = new string('x', 129),
            Connection = "environments/other/connections/shared",
            Segments = { environment.Segment, environment.Segment, "segments/vip", $"{environment.Name}/segments/missing", "environments/other/segments/vip" },
            Braze = Settings.BrazeMessage(braze => (braze.EmailAttribute, braze.ExternalIdAttribute) = ("Spent", "Missing")),
        };

        var refused = await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(
            new CreateExportRequest { Parent = environment.Name, ExportId = "Best", Export = export, RequestId = new string('r', 101) }));

        Assert.That(refused.Status, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(refused.Fields, Is.EquivalentTo(new[]
        {
            "export_id", "request_id", "export.display_name", "export.connection", "export.segments[1]", "export.segments[2]", "export.segments[3]",
            "export.segments[4]", "export.braze.email_attribute", "export.braze.external_id_attribute",
        }));
    }

    [TestCase("\0")]
    [TestCase("\u0007")]
    [TestCase("\n")]
    public async Task Control_characters_are_refused_by_field_wherever_text_comes_in(string control)
    {
        var environment = _stage.NewEnvironment();
        var client = environment.Administrator;
        var export = await environment.CreateAsync();
        var text = $"a{control}b";
        var worker = _stage.Worker;
        var rows = new RecordRejectedRowsRequest { Name = $"{export.Name}/runs/0", Rows = { new RejectedRow { CustomerId = text, Reason = "X", Message = text } } };

        var refusals = new[]
        {
            await RefusedCall.OfAsync(client.CreateExportAsync(new CreateExportRequest
            {
                Parent = environment.Name,
                ExportId = "other",
                RequestId = text,
                Export = environment.NewExport(wanted => (wanted.DisplayName, wanted.Braze.SegmentApiIdentifier) = (text, "other")),
            })),
            await RefusedCall.OfAsync(client.UpdateExportAsync(new UpdateExportRequest
            {
                Export = new Export { Name = export.Name, DisplayName = text }, UpdateMask = new FieldMask { Paths = { "display_name" } },
            })),
            await RefusedCall.OfAsync(client.RunExportAsync(new RunExportRequest { Name = export.Name, RequestId = text })),
            await RefusedCall.OfAsync(client.ListExportsAsync(new ListExportsRequest { Parent = environment.Name, Connection = text })),
            await RefusedCall.OfAsync(worker.RecordRejectedRowsAsync(rows)),
            await RefusedCall.OfAsync(worker.FindDeletedExportsAsync(new FindDeletedExportsRequest { ExportUids = { text } })),
        };

        Assert.That(refusals.Select(refusal => refusal.Status), Has.All.EqualTo(StatusCode.InvalidArgument));
        Assert.That(refusals.SelectMany(refusal => refusal.Fields), Is.EqualTo(new[]
        {
            "request_id", "export.display_name", "export.display_name", "request_id", "connection", "rows[0].customer_id", "rows[0].message", "export_uids[0]",
        }));
    }

    [Test]
    public async Task Create_of_an_empty_export_names_every_required_field()
    {
        var environment = _stage.NewEnvironment();

        var refused = await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(new CreateExportRequest { Parent = environment.Name }));

        Assert.That(refused.Fields, Is.EquivalentTo(new[] { "export_id", "export.display_name", "export.connection", "export.segments", "export.settings" }));
    }

    [Test]
    public async Task Create_without_settings_says_which_the_connection_needs()
    {
        var environment = _stage.NewEnvironment();

        var refused = await RefusedCall.OfAsync(CreateCall(environment, export => export.ClearSettings()));

        Assert.That((refused.Fields.Single(), refused.Message), Is.EqualTo(("export.braze", "export.braze: is required: the connection is of type braze.")));
    }

    [Test]
    public async Task Create_with_an_unknown_segment_names_it()
    {
        var environment = _stage.NewEnvironment();
        var unknown = $"{environment.Name}/segments/nobody";
        var refused = await RefusedCall.OfAsync(CreateCall(environment, export => export.Segments.Add(unknown)));
        Assert.That((refused.Fields.Single(), refused.Message), Is.EqualTo(("export.segments[1]", $"export.segments[1]: {unknown} does not exist. Take one that ListSegments returns, or create it first.")));
    }

    [Test]
    public async Task Create_through_a_connection_of_another_type_is_refused()
    {
        var environment = _stage.NewEnvironment();
        _stage.Connections.Put($"{environment.Name}/connections/ads", shared: true, type: "microsoft-advertising");

        var refused = await RefusedCall.OfAsync(CreateCall(environment, export => export.Connection = $"{environment.Name}/connections/ads"));

        Assert.That(refused.Fields, Is.EqualTo(new[] { "export.connection" }));
    }

    [Test]
    public async Task Create_before_a_schema_is_declared_is_refused()
    {
        var environment = _stage.NewEnvironment();
        _stage.Profiles.RemoveSchema(environment.Id);

        Assert.That((await RefusedCall.OfAsync(CreateCall(environment))).Fields, Is.EqualTo(new[] { "export.braze" }));
    }

    [Test]
    public async Task Create_warns_of_what_does_not_forbid_saving()
    {
        var environment = _stage.NewEnvironment();
        _stage.Segments.Put(environment.Segment, version: 2, active: false, members: 1_000_001);

        var created = await environment.CreateAsync(change: export => export.Braze.AttributeShape = BrazeAttributeShape.LiteralName);

        Assert.That(created.Warnings, Has.Count.EqualTo(3));
        Assert.That(created.Warnings, Has.Some.Contain("inactive").And.Some.Contain("1,000,001").And.Some.Contain("overwrite"));
    }

    [Test]
    public async Task Create_under_a_taken_name_is_refused()
    {
        var environment = _stage.NewEnvironment();
        await environment.CreateAsync();

        Assert.That((await RefusedCall.OfAsync(CreateCall(environment))).Status, Is.EqualTo(StatusCode.AlreadyExists));
    }

    [Test]
    public async Task Create_repeated_with_its_request_id_returns_the_first_answer()
    {
        var environment = _stage.NewEnvironment();
        var request = new CreateExportRequest { Parent = environment.Name, ExportId = "best", Export = environment.NewExport(), RequestId = "r-1" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await environment.Administrator.CreateExportAsync(request)));
        var other = request.Clone();
        other.ExportId = "other";

        Assert.That(answers, Has.All.EqualTo(answers[0]));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(other))).Fields, Is.EqualTo(new[] { "request_id" }));
    }

    [Test]
    public async Task Create_with_validate_only_checks_and_stores_nothing()
    {
        var environment = _stage.NewEnvironment();
        var request = new CreateExportRequest { Parent = environment.Name, ExportId = "best", Export = environment.NewExport(), ValidateOnly = true };

        Assert.That((await environment.Administrator.CreateExportAsync(request)).DisplayName, Is.EqualTo("Our best"));
        Assert.That((await environment.Viewer.ListExportsAsync(new ListExportsRequest { Parent = environment.Name })).Exports, Is.Empty);
        request.Export.DisplayName = "";
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.CreateExportAsync(request))).Fields, Is.EqualTo(new[] { "export.display_name" }));
    }

    [Test]
    public async Task Update_changes_the_masked_fields_only()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        var wanted = created.Clone();
        (wanted.DisplayName, wanted.FollowRefreshes, wanted.Braze.SegmentApiIdentifier) = ("Other", false, "ignored");

        var updated = await UpdateAsync(environment, wanted, "display_name", "follow_refreshes");

        Assert.That((updated.DisplayName, updated.FollowRefreshes, updated.Braze.SegmentApiIdentifier), Is.EqualTo(("Other", false, "vip-2026")));
        Assert.That(updated.Etag, Is.Not.EqualTo(created.Etag));
        Assert.That(await environment.Viewer.GetExportAsync(new GetExportRequest { Name = created.Name }), Is.EqualTo(updated));
    }

    [Test]
    public async Task Update_with_a_stale_etag_is_aborted()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        await UpdateAsync(environment, created, "display_name");

        var refused = await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(created, "display_name")));

        Assert.That((refused.Status, refused.Reason), Is.EqualTo((StatusCode.Aborted, "STALE_ETAG")));
    }

    [TestCase("")]
    [TestCase("name")]
    [TestCase("braze.email_attribute")]
    public async Task Update_with_a_wrong_mask_is_refused(string path)
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();

        var refused = await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(created, path.Length == 0 ? [] : [path])));

        Assert.That(refused.Fields, Is.EqualTo(new[] { "update_mask" }));
    }

    [Test]
    public async Task Update_does_not_hold_against_one_what_broke_meanwhile_elsewhere()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        _stage.Segments.Remove(environment.Segment);

        var updated = await UpdateAsync(environment, created, "display_name");
        var refused = await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(updated, "segments")));

        Assert.That(updated.Warnings.Single(), Does.Contain("does not exist any more"));
        Assert.That(refused.Fields, Is.EqualTo(new[] { "export.segments[0]" }));
    }

    [Test]
    public async Task Disconnect_cancels_the_queued_run_and_keeps_the_rest()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        var run = await environment.RunAsync(created);
        var wanted = created.Clone();
        wanted.Connection = "";

        var updated = await UpdateAsync(environment, wanted, "connection");

        Assert.That((updated.Connection, updated.Braze), Is.EqualTo(("", created.Braze)));
        var ended = await environment.NewestRunAsync(created, RunState.Canceled);
        Assert.That((ended.Name, ended.Reason), Is.EqualTo((run.Name, "EXPORT_DISCONNECTED")));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.RunExportAsync(new RunExportRequest { Name = created.Name }))).Reason, Is.EqualTo("CONNECTION_MISSING"));
    }

    [Test]
    public async Task Delete_guards_by_etag_and_cancels_the_run()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        var run = await environment.RunAsync(created);

        var refused = await RefusedCall.OfAsync(environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = created.Name, Etag = "old" }));
        await environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = created.Name, Etag = created.Etag });

        Assert.That(refused.Status, Is.EqualTo(StatusCode.Aborted));
        Assert.That((await RefusedCall.OfAsync(environment.Viewer.GetExportAsync(new GetExportRequest { Name = created.Name }))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.BeginRunAsync(new BeginRunRequest { Name = run.Name }))).Reason, Is.EqualTo("RUN_ENDED"));
    }

    [Test]
    public async Task Delete_lets_the_worker_end_what_it_has_begun_and_hides_the_history_from_the_next_of_the_name()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();
        var run = await environment.RunAsync(created);
        await environment.BeginAsync(run);

        await environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = created.Name });
        var again = await environment.CreateAsync();
        var progress = await _stage.Worker.ReportProgressAsync(new ReportProgressRequest { Name = run.Name });
        await environment.CompleteAsync(run, RunState.Canceled);

        Assert.That(progress.CancelRequested, Is.True);
        Assert.That(await environment.RunsAsync(again), Is.Empty);
        Assert.That((await RefusedCall.OfAsync(environment.Viewer.GetExportRunAsync(new GetExportRunRequest { Name = run.Name }))).Status, Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task Delete_is_announced_and_a_worker_that_missed_it_can_ask()
    {
        var environment = _stage.NewEnvironment();
        var (gone, kept) = (await environment.CreateAsync("gone"), await environment.CreateAsync("kept"));
        var uids = new List<string>();
        foreach (var export in new[] { gone, kept })
        {
            var run = await environment.RunAsync(export);
            uids.Add((await environment.BeginAsync(run)).ExportUid);
            await environment.CompleteAsync(run);
        }

        await environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = gone.Name });

        await Eventually.TrueAsync(() => _stage.Heard.Deleted.Any(deleted => deleted.Export == gone.Name), "the end of the export is announced");
        Assert.That(_stage.Heard.Deleted.Single(deleted => deleted.Export == gone.Name).ExportUid, Is.EqualTo(uids[0]));
        var answer = await _stage.Worker.FindDeletedExportsAsync(new FindDeletedExportsRequest { ExportUids = { uids } });
        Assert.That(answer.ExportUids, Is.EqualTo(new[] { uids[0] }));
        Assert.That((await RefusedCall.OfAsync(_stage.Worker.FindDeletedExportsAsync(new FindDeletedExportsRequest()))).Fields, Is.EqualTo(new[] { "export_uids" }));
    }

    [Test]
    public async Task List_pages_and_filters_by_connection()
    {
        var environment = _stage.NewEnvironment();
        foreach (var id in new[] { "b", "c", "a" })
        {
            await environment.CreateAsync(id, export => export.Connection = id == "b" ? environment.Private : environment.Shared);
        }

        var first = await environment.Viewer.ListExportsAsync(new ListExportsRequest { Parent = environment.Name, PageSize = 2 });
        var second = await environment.Viewer.ListExportsAsync(new ListExportsRequest { Parent = environment.Name, PageSize = 2, PageToken = first.NextPageToken });
        var filtered = await environment.Viewer.ListExportsAsync(new ListExportsRequest { Parent = environment.Name, Connection = environment.Private });

        Assert.That(Ids(first.Exports), Is.EqualTo(new[] { "a", "b" }));
        Assert.That(Ids(second.Exports), Is.EqualTo(new[] { "c" }));
        Assert.That(second.NextPageToken, Is.Empty);
        Assert.That(Ids(filtered.Exports), Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public async Task Unknown_and_malformed_names_are_told_apart()
    {
        var environment = _stage.NewEnvironment();
        var unknown = $"{environment.Name}/exports/unknown";

        Assert.That((await RefusedCall.OfAsync(environment.Viewer.GetExportAsync(new GetExportRequest { Name = unknown }))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = unknown }))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.RunExportAsync(new RunExportRequest { Name = unknown }))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(new Export { Name = unknown }, "segments")))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(environment.Viewer.ListExportRunsAsync(new ListExportRunsRequest { Parent = unknown }))).Status, Is.EqualTo(StatusCode.NotFound));
        Assert.That((await RefusedCall.OfAsync(environment.Viewer.GetExportAsync(new GetExportRequest { Name = $"{environment.Name}/exports/A B" }))).Fields, Is.EqualTo(new[] { "name" }));
        Assert.That((await RefusedCall.OfAsync(environment.Viewer.ListExportsAsync(new ListExportsRequest { Parent = environment.Name, PageSize = -1, PageToken = "!" }))).Fields, Is.EqualTo(new[] { "page_size", "page_token" }));
    }

    [Test]
    public async Task Two_exports_that_would_undo_each_other_cannot_both_be_saved()
    {
        const string Field = "export.braze.segment_api_identifier";
        var environment = _stage.NewEnvironment();
        var twin = $"{environment.Name}/connections/twin";
        _stage.Connections.Put(twin, shared: true, account: $"account of {environment.Shared}");
        var first = await environment.CreateAsync("first", Writing("vip"));
        foreach (var connection in new[] { environment.Shared, twin })
        {
            var refused = await RefusedCall.OfAsync(CreateCall(environment, Writing("vip", connection)));
            Assert.That(refused.Fields, Is.EqualTo(new[] { Field }));
        }

        var elsewhere = await environment.CreateAsync("elsewhere", Writing("vip", environment.Private));
        var literal = await environment.CreateAsync("literal", export => (export.Braze.SegmentApiIdentifier, export.Braze.AttributeShape) = ("vip", BrazeAttributeShape.LiteralName));
        var other = await environment.CreateAsync("other", Writing("other"));
        Assert.That(new[] { elsewhere, literal, other }.Select(export => export.Connection), Has.None.Empty);

        other.Braze.SegmentApiIdentifier = "vip";
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(other, "braze")))).Fields, Is.EqualTo(new[] { Field }));
        elsewhere.Connection = twin;
        Assert.That((await RefusedCall.OfAsync(environment.Administrator.UpdateExportAsync(Update(elsewhere, "connection")))).Fields, Is.EqualTo(new[] { Field }));
        first.DisplayName = "Another name";
        Assert.That((await UpdateAsync(environment, first, "display_name", "braze")).DisplayName, Is.EqualTo("Another name"), "nobody is its own rival");

        await environment.Administrator.DeleteExportAsync(new DeleteExportRequest { Name = first.Name });
        Assert.That((await UpdateAsync(environment, other, "braze")).Braze.SegmentApiIdentifier, Is.EqualTo("vip"));

        Action<Export> Writing(string identifier, string? connection = null) => export =>
            (export.Braze.SegmentApiIdentifier, export.Connection) = (identifier, connection ?? environment.Shared);
    }

    private static AsyncUnaryCall<Export> CreateCall(StageEnvironment environment, Action<Export>? change = null) =>
        environment.Administrator.CreateExportAsync(new CreateExportRequest { Parent = environment.Name, ExportId = "best", Export = environment.NewExport(change) });

    private static async Task<Export> UpdateAsync(StageEnvironment environment, Export export, params string[] paths) =>
        await environment.Administrator.UpdateExportAsync(Update(export, paths));

    private static UpdateExportRequest Update(Export export, params string[] paths) => new() { Export = export, UpdateMask = new FieldMask { Paths = { paths } } };

    private static IEnumerable<string> Ids(IEnumerable<Export> exports) => exports.Select(export => export.Name.Split('/')[^1]);
}
