using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Defining;

public sealed class UpdateConnectionTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Name_and_sharing_change_without_asking_the_destination_and_without_touching_the_key()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        var updated = await Change(scene, created.Etag, c => (c.DisplayName, c.Access) = ("Marketing", ConnectionAccess.Contributors), "display_name", "access");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((updated.DisplayName, updated.Access, updated.Braze), Is.EqualTo(("Marketing", ConnectionAccess.Contributors, created.Braze)));
            Assert.That(updated.Etag, Is.Not.EqualTo(created.Etag));
            Assert.That((await scene.Braze.CountersAsync(Token)).Requests, Is.EqualTo(1), "only on creation");
            Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(scene.Key));
            Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_UPDATED {Scene.Admin} display_name, access").And.Some.EqualTo($"CONNECTION_SHARED {Scene.Admin}"));
        });
        await Change(scene, "", c => c.Access = ConnectionAccess.Administrators, "access");
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_UNSHARED {Scene.Admin}"));
    }

    [Test]
    public async Task New_key_is_verified_stored_and_makes_the_connection_active_again()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var rotated = $"secret-{Some.Id()}";
        await scene.Worker.ReportRefusedCredentialAsync(scene.Report("CREDENTIAL_UNKNOWN"));
        Assert.That((await scene.GetAsync()).State, Is.EqualTo(ConnectionState.NeedsAttention));
        await RefusedAsync(Change(scene, "", c => c.Braze = new BrazeConnection { ApiKey = rotated }, "braze.api_key"), StatusCode.FailedPrecondition, "CREDENTIAL_UNKNOWN");

        await scene.Braze.AllowKeyAsync(rotated, Token);
        var updated = await Change(scene, "", c => c.Braze = new BrazeConnection { ApiKey = rotated }, "braze.api_key");
        Assert.That((updated.State, updated.StateReason, updated.Braze.ApiKey, updated.Braze.Host), Is.EqualTo((ConnectionState.Active, "", "", scene.Host)));
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(rotated));
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_UPDATED {Scene.Admin} braze.api_key"));
    }

    [Test]
    public async Task Two_that_take_one_display_name_at_once_get_an_answer_each()
    {
        var scene = await SetAsync();
        for (var round = 0; round < 8; round++)
        {
            var named = new List<Connection>();
            foreach (var side in new[] { "left", "right" })
            {
                named.Add(await scene.CreateAsync(r => (r.ConnectionId, r.Connection.DisplayName) = ($"{side}-{round}", $"{side} {round}")));
            }

            var codes = await Task.WhenAll(named.Select(connection => RenameAsync(scene, connection.Name, $"Shared {round}")));
            Assert.That(codes, Is.EquivalentTo(new[] { StatusCode.OK, StatusCode.AlreadyExists }));
        }
    }

    [Test]
    public async Task New_host_is_asked_with_the_kept_key()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var updated = await Change(scene, "", c => c.Braze = new BrazeConnection { Host = $"http://{scene.Host}/" }, "braze.host");
        Assert.That(updated.Braze.Host, Is.EqualTo(scene.Host));
        Assert.That((await scene.Braze.CountersAsync(Token)).Requests, Is.EqualTo(2));
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(scene.Key));
    }

    [Test]
    public async Task Kept_key_is_not_shown_to_another_kind_of_host()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var refused = await RefusedAsync(Change(scene, "", c => c.Braze = new BrazeConnection { Host = "rest.iad-03.braze.com" }, "braze.host"), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { "connection.braze.api_key" }));
    }

    [Test]
    public async Task Stale_etag_is_refused_and_changes_nothing()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        var updated = await Change(scene, created.Etag, c => c.DisplayName = "First", "display_name");
        await RefusedAsync(Change(scene, created.Etag, c => c.DisplayName = "Second", "display_name"), StatusCode.Aborted, "STALE_ETAG");
        Assert.That(await scene.GetAsync(), Is.EqualTo(updated));
    }

    [Test]
    public async Task Everything_wrong_is_told_at_once()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        var wrong = Change(scene, "", c => (c.DisplayName, c.Access, c.Braze) = ("", (ConnectionAccess)7, new BrazeConnection { Host = "localhost" }), "display_name", "access", "braze.host", "braze.api_key", "consent");
        Assert.That(FieldsOf(await RefusedAsync(wrong, StatusCode.InvalidArgument)), Is.EquivalentTo(new[]
        {
            "connection.display_name", "connection.access", "connection.braze.host", "connection.braze.api_key", "update_mask",
        }));
        Assert.That(FieldsOf(await RefusedAsync(Change(scene, "", _ => { }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "update_mask" }));
        Assert.That(FieldsOf(await RefusedAsync(Change(scene, "", _ => { }, "braze.host"), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "update_mask" }));
    }

    [Test]
    public async Task Display_name_of_another_connection_is_taken_and_its_own_is_not()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await scene.CreateAsync(r => (r.ConnectionId, r.Connection.DisplayName) = ("other", "Other"));
        await RefusedAsync(Change(scene, "", c => c.DisplayName = "OTHER", "display_name"), StatusCode.AlreadyExists, "DISPLAY_NAME_TAKEN");
        Assert.That((await Change(scene, "", c => c.DisplayName = "BRAZE", "display_name")).DisplayName, Is.EqualTo("BRAZE"));
    }

    [Test]
    public async Task Unknown_connection_is_not_found()
    {
        var scene = await SetAsync();
        await RefusedAsync(Change(scene, "", c => c.DisplayName = "X", "display_name"), StatusCode.NotFound);
    }

    [Test]
    public async Task Updates_of_different_fields_do_not_undo_each_other()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await Task.WhenAll(
            Change(scene, "", c => c.DisplayName = "Changed", "display_name").ResponseAsync,
            Change(scene, "", c => c.Access = ConnectionAccess.Contributors, "access").ResponseAsync);
        var connection = await scene.GetAsync();
        Assert.That((connection.DisplayName, connection.Access), Is.EqualTo(("Changed", ConnectionAccess.Contributors)));
    }

    private static AsyncUnaryCall<Connection> Change(Scene scene, string etag, Action<Connection> change, params string[] mask)
    {
        var connection = new Connection { Name = $"{scene.Parent}/connections/braze", Etag = etag };
        change(connection);
        return scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest { Connection = connection, UpdateMask = new FieldMask { Paths = { mask } } });
    }

    private static async Task<StatusCode> RenameAsync(Scene scene, string name, string displayName)
    {
        try
        {
            var connection = new Connection { Name = name, DisplayName = displayName };
            await scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest { Connection = connection, UpdateMask = new FieldMask { Paths = { "display_name" } } });
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }
}
