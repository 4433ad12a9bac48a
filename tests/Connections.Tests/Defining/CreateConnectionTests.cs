using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Defining;

public sealed class CreateConnectionTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Nobody_signs_in_where_the_installation_is_not_registered()
    {
        var scene = await SetAsync();
        var request = new BeginSignInRequest { Parent = scene.Parent, Service = SignInService.MicrosoftAdvertising };
        await RefusedAsync(scene.Client.BeginSignInAsync(request), StatusCode.FailedPrecondition, "SIGN_IN_NOT_CONFIGURED");
        await RefusedAsync(scene.As(Scene.Contributor).BeginSignInAsync(request), StatusCode.PermissionDenied);
        Assert.That(FieldsOf(await RefusedAsync(scene.Client.BeginSignInAsync(new BeginSignInRequest { Parent = scene.Parent }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "service" }));
    }

    [Test]
    public async Task Verified_connection_is_stored_with_consent_and_export_user_and_without_showing_its_key()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        Assert.Multiple(() =>
        {
            Assert.That(created.Name, Is.EqualTo($"{scene.Parent}/connections/braze"));
            Assert.That((created.Braze.Host, created.Braze.ApiKey), Is.EqualTo((scene.Host, "")));
            Assert.That((created.State, created.StateReason, created.Access), Is.EqualTo((ConnectionState.Active, "", ConnectionAccess.Administrators)));
            Assert.That((created.Consent.Agreed, created.Consent.AgreedBy, created.Consent.StatementVersion), Is.EqualTo((true, Scene.Admin, "2026-11")));
            Assert.That((created.ExportUser, created.CreatedBy), Is.EqualTo((Scene.Admin, Scene.Admin)));
            Assert.That(created.Etag, Is.Not.Empty);
        });
        Assert.That(await scene.GetAsync(), Is.EqualTo(created));
        Assert.That(await scene.AuditAsync(Token), Is.EquivalentTo(new[]
        {
            $"CONNECTION_CREATED {Scene.Admin} braze, Administrators", $"CONSENT_GIVEN {Scene.Admin} 2026-11", $"EXPORT_USER_ADDED {Scene.Admin} {Scene.Admin}",
        }));
    }

    [Test]
    public async Task Verifying_changes_nothing_at_the_destination()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var counters = await scene.Braze.CountersAsync(Token);
        Assert.That((counters.Requests, counters.Users, counters.DataPoints, counters.ObjectsAccepted), Is.EqualTo((1L, 0, 0L, 0L)));
    }

    [Test]
    public async Task Pasted_scheme_slash_and_capitals_are_stripped()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync(r => r.Connection.Braze.Host = $" HTTP://{scene.Host}/ ");
        Assert.That(created.Braze.Host, Is.EqualTo(scene.Host));
    }

    [Test]
    public async Task Everything_wrong_is_told_at_once()
    {
        var scene = await SetAsync();
        var refused = await RefusedAsync(scene.Client.CreateConnectionAsync(new CreateConnectionRequest
        {
            Parent = scene.Parent,
            ConnectionId = "9",
            RequestId = new string('x', 65),
            Connection = new Connection { DisplayName = " ", Braze = new BrazeConnection { Host = "10.0.0.1", ApiKey = "a b" }, Access = (ConnectionAccess)9 },
        }), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EquivalentTo(new[]
        {
            "connection_id", "request_id", "connection.display_name", "connection.access", "connection.consent.agreed", "connection.consent.statement_version", "connection.braze.host", "connection.braze.api_key",
        }));
    }

    [Test]
    public async Task Missing_settings_or_connection_is_told()
    {
        var scene = await SetAsync();
        Assert.That(FieldsOf(await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.ClearSettings())), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "connection.settings" }));
        Assert.That(FieldsOf(await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection = null)), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "connection" }));
    }

    [TestCase(false, "2026-11", "connection.consent.agreed")]
    [TestCase(true, "2025-01", "connection.consent.statement_version")]
    public async Task Without_agreement_to_the_statement_in_force_nothing_is_stored(bool agreed, string version, string field)
    {
        var scene = await SetAsync();
        var refused = await RefusedAsync(
            scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Consent = new Consent { Agreed = agreed, StatementVersion = version })), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { field }));
        Assert.That((await scene.Braze.CountersAsync(Token)).Requests, Is.Zero, "the destination is not even asked");
    }

    [Test]
    public async Task Key_that_the_destination_does_not_accept_is_not_stored()
    {
        var scene = await SetAsync();
        var forbidden = $"forbidden-{Some.Id()}";
        await scene.Braze.AllowKeyAsync(forbidden, Token, "segments.list");
        await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Braze.ApiKey = "unknown")), StatusCode.FailedPrecondition, "CREDENTIAL_UNKNOWN");
        await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.Braze.ApiKey = forbidden)), StatusCode.FailedPrecondition, "CREDENTIAL_FORBIDDEN");
        await scene.Braze.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = 503 }, Token);
        await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request()), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        await RefusedAsync(scene.Client.GetConnectionAsync(new GetConnectionRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.NotFound);
    }

    [Test]
    public async Task Rehearsal_asks_the_destination_and_stores_nothing()
    {
        var scene = await SetAsync();
        var rehearsed = await scene.CreateAsync(r => r.ValidateOnly = true);
        Assert.That((rehearsed.Etag, rehearsed.Braze.ApiKey, (await scene.Braze.CountersAsync(Token)).Requests), Is.EqualTo(("", "", 1L)));
        await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => (r.ValidateOnly, r.Connection.Braze.ApiKey) = (true, "unknown"))), StatusCode.FailedPrecondition, "CREDENTIAL_UNKNOWN");
        await RefusedAsync(scene.Client.GetConnectionAsync(new GetConnectionRequest { Name = rehearsed.Name }), StatusCode.NotFound);
        Assert.That(await scene.AuditAsync(Token), Is.Empty);
    }

    [Test]
    public async Task Id_and_display_name_are_unique_in_the_environment()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(r => r.Connection.DisplayName = "Other")), StatusCode.AlreadyExists, "ALREADY_EXISTS");
        var taken = await RefusedAsync(
            scene.Client.CreateConnectionAsync(scene.Request(r => (r.ConnectionId, r.Connection.DisplayName) = ("other", "BRAZE "))), StatusCode.AlreadyExists, "DISPLAY_NAME_TAKEN");
        Assert.That(FieldsOf(taken), Is.EqualTo(new[] { "connection.display_name" }));
        var elsewhere = await SetAsync();
        await elsewhere.CreateAsync();
    }

    [Test]
    public async Task Repeated_request_gets_the_first_answer_even_when_the_destination_is_gone()
    {
        var scene = await SetAsync();
        var first = await scene.CreateAsync(r => r.RequestId = "once");
        await scene.Braze.AddFaultAsync(new FaultRule { Kind = FaultKind.DropBefore }, Token);
        Assert.That(await scene.CreateAsync(r => r.RequestId = "once"), Is.EqualTo(first));
        var refused = await RefusedAsync(
            scene.Client.CreateConnectionAsync(scene.Request(r => (r.RequestId, r.ConnectionId, r.Connection.DisplayName) = ("once", "other", "Other"))), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { "request_id" }));
    }

    [Test]
    public async Task Many_at_once_make_one()
    {
        // Several rounds: a request once was told ALREADY_EXISTS when its twin committed between two of its reads.
        for (var round = 0; round < 8; round++)
        {
            var scene = await SetAsync();
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => scene.CreateAsync(r => r.RequestId = "once")));
            Assert.That(answers.Distinct().ToList(), Has.Count.EqualTo(1));
            Assert.That((await scene.AuditAsync(Token)).Count(a => a.StartsWith("CONNECTION_CREATED", StringComparison.Ordinal)), Is.EqualTo(1));
        }
    }

    [TestCase("user:carl", true)]
    [TestCase("user:nobody", false)]
    public async Task Only_administrators_may(string principal, bool mayList)
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var client = scene.As(principal);
        await RefusedAsync(client.CreateConnectionAsync(scene.Request()), StatusCode.PermissionDenied);
        await RefusedAsync(client.GetConnectionAsync(new GetConnectionRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.PermissionDenied);
        await RefusedAsync(client.UpdateConnectionAsync(new UpdateConnectionRequest { Connection = new Connection { Name = $"{scene.Parent}/connections/braze" } }), StatusCode.PermissionDenied);
        await RefusedAsync(client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.PermissionDenied);
        await RefusedAsync(client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.PermissionDenied);
        await RefusedAsync(client.AddExportUserAsync(new AddExportUserRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.PermissionDenied);
        if (!mayList)
        {
            await RefusedAsync(client.ListConnectionsAsync(new ListConnectionsRequest { Parent = scene.Parent }), StatusCode.PermissionDenied);
        }
    }

    [Test]
    public async Task Administrator_of_another_environment_sees_nothing()
    {
        var (scene, other) = (await SetAsync(), await SetAsync());
        await scene.CreateAsync();
        other.Assign("user:eve", Role.Administrator);
        await RefusedAsync(scene.As("user:eve").GetConnectionAsync(new GetConnectionRequest { Name = $"{scene.Parent}/connections/braze" }), StatusCode.PermissionDenied);
    }
}
