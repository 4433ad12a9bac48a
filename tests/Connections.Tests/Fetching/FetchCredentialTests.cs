using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Fetching;

public sealed class FetchCredentialTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Worker_gets_the_credential_and_the_fetch_is_audited_with_its_run()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var credential = await scene.Worker.FetchCredentialAsync(scene.Fetch());
        Assert.That(credential, Is.EqualTo(new Credential
        {
            Braze = new BrazeConnection { Host = scene.Host, ApiKey = scene.Key }, ExportUser = Scene.Admin, DestinationAccount = AccountOf(scene.Host),
        }));
        var runs = await Harness.Database.ReadAsync(
            s => s.QueryAsync<string>("SELECT run FROM audit WHERE environment_id = @Environment AND action = 'CREDENTIAL_READ'", new { scene.Environment }), Token);
        Assert.That(runs, Is.EqualTo(new[] { scene.RunName() }));
    }

    [TestCase("exports")]
    [TestCase("segments")]
    public async Task Services_that_are_no_workers_get_nothing(string appId)
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await RefusedAsync(scene.Service(appId).FetchCredentialAsync(scene.Fetch()), StatusCode.PermissionDenied, "SERVICE_ONLY");
        await RefusedAsync(scene.Service(appId).ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN")), StatusCode.PermissionDenied, "SERVICE_ONLY");
    }

    [Test]
    public async Task Worker_of_another_type_gets_nothing_and_accuses_nobody()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var other = scene.Service("worker-other");
        await RefusedAsync(other.FetchCredentialAsync(scene.Fetch()), StatusCode.PermissionDenied, "WRONG_WORKER");
        await RefusedAsync(other.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN")), StatusCode.NotFound);
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task People_get_nothing_whatever_their_role()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var client = Harness.ClientOf<CredentialService.CredentialServiceClient>(Scene.Admin);
        await RefusedAsync(client.FetchCredentialAsync(scene.Fetch()), StatusCode.PermissionDenied);
        await RefusedAsync(client.DescribeConnectionAsync(new DescribeConnectionRequest { Name = scene.Fetch().Name }), StatusCode.PermissionDenied);
        await RefusedAsync(Harness.ClientWith<CredentialService.CredentialServiceClient>(null).FetchCredentialAsync(scene.Fetch()), StatusCode.Unauthenticated);
    }

    [Test]
    public async Task Run_must_belong_to_the_environment()
    {
        var (scene, other) = (await SetAsync(), await SetAsync());
        await scene.CreateAsync();
        var request = scene.Fetch();
        request.Run = other.RunName();
        Assert.That(FieldsOf(await RefusedAsync(scene.Worker.FetchCredentialAsync(request), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "run" }));
        await RefusedAsync(other.Worker.FetchCredentialAsync(other.Fetch()), StatusCode.NotFound);
    }

    [Test]
    public async Task Export_user_who_is_no_longer_administrator_stops_runs_until_another_steps_in()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        scene.Assign(Scene.Admin, Role.Contributor);
        await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.FailedPrecondition, "EXPORT_USER_INVALID");

        var other = scene.As(Scene.OtherAdmin);
        var broken = await other.GetConnectionAsync(new GetConnectionRequest { Name = scene.Fetch().Name });
        Assert.That((broken.State, broken.StateReason), Is.EqualTo((ConnectionState.NeedsAttention, "The export user is no longer administrator of the environment. Any administrator may add themselves as export user instead.")));

        var repaired = await other.AddExportUserAsync(new AddExportUserRequest { Name = scene.Fetch().Name });
        Assert.That((repaired.State, repaired.ExportUser), Is.EqualTo((ConnectionState.Active, Scene.OtherAdmin)));
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).ExportUser, Is.EqualTo(Scene.OtherAdmin));
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"EXPORT_USER_INVALID service:worker-braze {Scene.Admin}")
            .And.Some.EqualTo("CREDENTIAL_WITHHELD service:worker-braze EXPORT_USER_INVALID")
            .And.Some.EqualTo($"EXPORT_USER_REMOVED {Scene.OtherAdmin} {Scene.Admin}")
            .And.Some.EqualTo($"EXPORT_USER_ADDED {Scene.OtherAdmin} {Scene.OtherAdmin}"));
    }

    [Test]
    public async Task Role_that_comes_back_heals_the_connection()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        scene.Assign(Scene.Admin, Role.Viewer);
        await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.FailedPrecondition, "EXPORT_USER_INVALID");
        scene.Assign(Scene.Admin, Role.Administrator);
        await scene.Worker.FetchCredentialAsync(scene.Fetch());
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task Administrator_through_a_group_counts_as_long_as_the_group_has_the_role()
    {
        var scene = await SetAsync();
        var group = $"group:{Some.Name("admins")}";
        scene.Assign(group, Role.Administrator);
        await scene.As("user:member", group).CreateConnectionAsync(scene.Request());
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).ExportUser, Is.EqualTo("user:member"));
        scene.Assign(group, Role.Viewer);
        await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.FailedPrecondition, "EXPORT_USER_INVALID");
    }

    [TestCase("CREDENTIAL_UNKNOWN", "does not know the key")]
    [TestCase("CREDENTIAL_FORBIDDEN", "lacks a permission")]
    public async Task Reported_refusal_stops_runs_until_verified_again(string reason, string explanation)
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await scene.Worker.FetchCredentialAsync(scene.Fetch());
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report(reason));
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report(reason));
        var refused = await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch("next")), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
        Assert.That(refused.Status.Detail, Does.Contain(explanation));
        Assert.That((await scene.GetAsync()).StateReason, Does.Contain(explanation));

        var verified = await scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = scene.Fetch().Name });
        Assert.That(verified.Connection.State, Is.EqualTo(ConnectionState.Active), "the stand-in accepts the key");
        await scene.Worker.FetchCredentialAsync(scene.Fetch("next"));
    }

    [TestCase("")]
    [TestCase("HOST_UNREACHABLE")]
    [TestCase("Invalid API key: abc")]
    public async Task Reason_of_a_report_is_one_of_two(string reason)
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var refused = await RefusedAsync(scene.Worker.ReportRefusedCredentialAsync(scene.Report(reason)), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { "reason" }));
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task Late_report_about_a_replaced_key_does_not_touch_its_successor()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await scene.Worker.FetchCredentialAsync(scene.Fetch("slow"));
        await scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
        {
            Connection = new Connection { Name = scene.Fetch().Name, Braze = new BrazeConnection { ApiKey = scene.Key } },
            UpdateMask = new FieldMask { Paths = { "braze.api_key" } },
        });
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN", "slow"));
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.Active));
        await scene.Worker.FetchCredentialAsync(scene.Fetch("fast"));
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN", "fast"));
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.NeedsAttention));
    }

    [Test]
    public async Task Both_problems_have_to_be_solved()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_FORBIDDEN"));
        scene.Assign(Scene.Admin, Role.Contributor);
        await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.FailedPrecondition, "EXPORT_USER_INVALID");
        var other = scene.As(Scene.OtherAdmin);
        var half = await other.AddExportUserAsync(new AddExportUserRequest { Name = scene.Fetch().Name });
        Assert.That((half.State, half.StateReason), Is.EqualTo((ConnectionState.NeedsAttention, half.StateReason)));
        Assert.That(half.StateReason, Does.Contain("permission").And.Not.Contain("export user"));
    }

    [Test]
    public async Task Services_learn_what_an_export_needs_and_no_more()
    {
        var scene = await SetAsync();
        await scene.CreateAsync(r => r.Connection.Access = ConnectionAccess.Contributors);
        var request = new DescribeConnectionRequest { Name = scene.Fetch().Name };
        var summary = await scene.Service("exports").DescribeConnectionAsync(request);
        Assert.Multiple(() =>
        {
            Assert.That((summary.Type, summary.DisplayName, summary.Access, summary.State), Is.EqualTo(("braze", "Braze", ConnectionAccess.Contributors, ConnectionState.Active)));
            Assert.That(summary.DestinationAccount, Does.Match("^braze-[0-9a-f]{16}$"));
            Assert.That(summary.ToString(), Does.Not.Contain(scene.Host));
        });
        await scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
        {
            Connection = new Connection { Name = request.Name, Braze = new BrazeConnection { ApiKey = scene.Key } },
            UpdateMask = new FieldMask { Paths = { "braze.api_key" } },
        });
        Assert.That((await scene.Service("exports").DescribeConnectionAsync(request)).DestinationAccount, Is.EqualTo(summary.DestinationAccount), "a rotated key is no other account");
    }

    // Behind one host are many workspaces, and no key tells which it belongs to.
    [Test]
    public async Task The_label_of_the_workspace_makes_another_account_and_the_credential_says_which_it_opens()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        var unlabelled = await AccountAsync();
        Assert.That(unlabelled, Is.EqualTo(AccountOf(scene.Host)), "ledgers of before there were labels go on");

        var updated = await LabelAsync(" Shop EU ");
        Assert.That((updated.Braze.Workspace, updated.Braze.Host, updated.State), Is.EqualTo(("Shop EU", scene.Host, ConnectionState.Active)));
        var labelled = await AccountAsync();
        Assert.That(labelled, Does.Match("^braze-[0-9a-f]{16}$").And.Not.EqualTo(unlabelled));
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_UPDATED {Scene.Admin} braze.workspace"));

        await LabelAsync("");
        Assert.That(await AccountAsync(), Is.EqualTo(unlabelled));
        Assert.That(FieldsOf(await RefusedAsync(Update(new string('x', 65)), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "connection.braze.workspace" }));

        async Task<string> AccountAsync()
        {
            var described = await scene.Service("exports").DescribeConnectionAsync(new DescribeConnectionRequest { Name = created.Name });
            Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).DestinationAccount, Is.EqualTo(described.DestinationAccount));
            return described.DestinationAccount;
        }

        async Task<Connection> LabelAsync(string label) => await Update(label);

        AsyncUnaryCall<Connection> Update(string label) => scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
        {
            Connection = new Connection { Name = created.Name, Braze = new BrazeConnection { Workspace = label } },
            UpdateMask = new FieldMask { Paths = { "braze.workspace" } },
        });
    }

    private static string AccountOf(string host) =>
        $"braze-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(host)))[..16]}";
}
