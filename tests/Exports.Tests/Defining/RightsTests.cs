using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Defining;

/// <summary>Who may do what (CON-10..12, D-37, PER-1): every method for every kind of caller.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RightsTests
{
    private static readonly string[] Callers = ["nobody", "stranger", "viewer", "contributor", "administrator", "connections", "worker"];

    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task Start() => _stage = await Stage.StartAsync(Engine.Sqlite);

    [OneTimeTearDown]
    public ValueTask Stop() => _stage.DisposeAsync();

    // Who is let in, for an export through a shared connection and for one through a private connection.
    private static IEnumerable<TestCaseData> Matrix()
    {
        string[] readers = ["viewer", "contributor", "administrator"];
        string[] readersAndConnections = [.. readers, "connections"];
        string[] managers = ["contributor", "administrator"];
        var rows = new (string Method, string[] Shared, string[] Private)[]
        {
            ("CreateExport", managers, ["administrator"]),
            ("GetExport", readersAndConnections, readersAndConnections),
            ("ListExports", readersAndConnections, readersAndConnections),
            ("UpdateExport", managers, ["administrator"]),
            ("DeleteExport", managers, ["administrator"]),
            ("RunExport", managers, ["administrator"]),
            ("GetExportRun", readers, readers),
            ("ListExportRuns", readers, readers),
            ("CancelExportRun", managers, ["administrator"]),
            ("ListRejectedRows", readers, readers),
            ("BeginRun", ["worker"], ["worker"]),
            ("ReportProgress", ["worker"], ["worker"]),
            ("RecordRejectedRows", ["worker"], ["worker"]),
            ("CompleteRun", ["worker"], ["worker"]),
        };
        return
            from row in rows
            from caller in Callers
            from shared in new[] { true, false }
            select new TestCaseData(row.Method, caller, shared, (shared ? row.Shared : row.Private).Contains(caller));
    }

    [TestCaseSource(nameof(Matrix))]
    public async Task Calls_are_let_in_as_the_table_says(string method, string caller, bool shared, bool allowed)
    {
        var environment = _stage.NewEnvironment();
        var export = await environment.CreateAsync(change: wanted => wanted.Connection = shared ? environment.Shared : environment.Private);
        var run = method is "RunExport" or "DeleteExport" or "UpdateExport" ? new ExportRun() : await environment.RunAsync(export);
        if (method is "ReportProgress" or "RecordRejectedRows" or "CompleteRun")
        {
            await environment.BeginAsync(run);
        }

        var status = await StatusOfAsync(method, TokenOf(caller), environment, export, run);

        Assert.That(status, Is.EqualTo(allowed ? StatusCode.OK : caller == "nobody" ? StatusCode.Unauthenticated : StatusCode.PermissionDenied));
    }

    [Test]
    public async Task Withdrawing_the_share_leaves_contributors_with_a_view()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.Contributor.CreateExportAsync(new CreateExportRequest { Parent = environment.Name, ExportId = "mine", Export = environment.NewExport() });
        _stage.Connections.Put(environment.Shared, shared: false);

        var refused = await RefusedCall.OfAsync(environment.Contributor.RunExportAsync(new RunExportRequest { Name = created.Name }));
        await environment.RefreshAsync(2);

        Assert.That((refused.Status, refused.Reason), Is.EqualTo((StatusCode.PermissionDenied, "CONNECTION_NOT_SHARED")));
        Assert.That(await environment.Contributor.GetExportAsync(new GetExportRequest { Name = created.Name }), Is.Not.Null);
        Assert.That((await environment.NewestRunAsync(created, RunState.Queued)).Trigger, Is.EqualTo(RunTrigger.SegmentRefreshed), "it goes on running");
    }

    [Test]
    public async Task Contributors_may_not_disconnect_nor_take_a_private_connection()
    {
        var environment = _stage.NewEnvironment();
        var created = await environment.CreateAsync();

        foreach (var connection in new[] { "", environment.Private })
        {
            Assert.That(await ReconnectAsync(environment.Contributor, created, connection), Is.EqualTo(StatusCode.PermissionDenied), connection);
        }
    }

    [TestCase("user:contributor", ExpectedResult = StatusCode.OK)]
    [TestCase("user:administrator", ExpectedResult = StatusCode.PermissionDenied)]
    public async Task<StatusCode> Reattaching_is_for_administrators_and_for_whoever_made_the_export(string maker)
    {
        var environment = _stage.NewEnvironment();
        var created = await _stage.As(maker).CreateExportAsync(new CreateExportRequest { Parent = environment.Name, ExportId = "one", Export = environment.NewExport() });
        await ReconnectAsync(environment.Administrator, created, "");

        var byContributor = await ReconnectAsync(environment.Contributor, created, environment.Shared);
        Assert.That(await ReconnectAsync(environment.Administrator, created, environment.Private), Is.EqualTo(StatusCode.OK));
        return byContributor;
    }

    private static async Task<StatusCode> ReconnectAsync(Wire.ExportService.ExportServiceClient client, Export export, string connection)
    {
        var wanted = new Export { Name = export.Name, Connection = connection };
        return await StatusOfAsync(client.UpdateExportAsync(new UpdateExportRequest { Export = wanted, UpdateMask = new FieldMask { Paths = { "connection" } } }));
    }

    private Task<StatusCode> StatusOfAsync(string method, string? token, StageEnvironment environment, Export export, ExportRun run)
    {
        var exports = _stage.Harness.ClientWith<Wire.ExportService.ExportServiceClient>(token);
        var worker = _stage.Harness.ClientWith<Wire.ExportRunService.ExportRunServiceClient>(token);
        return method switch
        {
            "CreateExport" => StatusOfAsync(exports.CreateExportAsync(new CreateExportRequest
            {
                Parent = environment.Name, ExportId = "another", Export = environment.NewExport(wanted => (wanted.Connection, wanted.Braze.SegmentApiIdentifier) = (export.Connection, "another")),
            })),
            "GetExport" => StatusOfAsync(exports.GetExportAsync(new GetExportRequest { Name = export.Name })),
            "ListExports" => StatusOfAsync(exports.ListExportsAsync(new ListExportsRequest { Parent = environment.Name })),
            "UpdateExport" => StatusOfAsync(exports.UpdateExportAsync(new UpdateExportRequest { Export = export, UpdateMask = new FieldMask { Paths = { "display_name" } } })),
            "DeleteExport" => StatusOfAsync(exports.DeleteExportAsync(new DeleteExportRequest { Name = export.Name })),
            "RunExport" => StatusOfAsync(exports.RunExportAsync(new RunExportRequest { Name = export.Name })),
            "GetExportRun" => StatusOfAsync(exports.GetExportRunAsync(new GetExportRunRequest { Name = run.Name })),
            "ListExportRuns" => StatusOfAsync(exports.ListExportRunsAsync(new ListExportRunsRequest { Parent = export.Name })),
            "CancelExportRun" => StatusOfAsync(exports.CancelExportRunAsync(new CancelExportRunRequest { Name = run.Name })),
            "ListRejectedRows" => StatusOfAsync(exports.ListRejectedRowsAsync(new ListRejectedRowsRequest { Parent = run.Name })),
            "BeginRun" => StatusOfAsync(worker.BeginRunAsync(new BeginRunRequest { Name = run.Name })),
            "ReportProgress" => StatusOfAsync(worker.ReportProgressAsync(new ReportProgressRequest { Name = run.Name })),
            "RecordRejectedRows" => StatusOfAsync(worker.RecordRejectedRowsAsync(new RecordRejectedRowsRequest
            {
                Name = run.Name, Rows = { new RejectedRow { CustomerId = "c-1", Reason = "EMAIL_INVALID" } },
            })),
            "CompleteRun" => StatusOfAsync(worker.CompleteRunAsync(new CompleteRunRequest { Name = run.Name, State = RunState.Successful })),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method, "no such method"),
        };
    }

    private static async Task<StatusCode> StatusOfAsync<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call;
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private string? TokenOf(string caller) => caller switch
    {
        "nobody" => null,
        "stranger" => _stage.Harness.TokenFor("user:stranger"),
        "connections" => _stage.Harness.TokenFor("service:connections"),
        "worker" => _stage.Harness.TokenFor("service:worker-braze"),
        _ => _stage.Harness.TokenFor(StageEnvironment.Person(System.Enum.Parse<Role>(caller, ignoreCase: true))),
    };
}
