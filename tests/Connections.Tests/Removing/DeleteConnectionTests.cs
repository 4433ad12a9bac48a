using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Removing;

public sealed class DeleteConnectionTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Connection_goes_with_its_secret_and_its_name_becomes_free()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        await scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = created.Name, Etag = created.Etag });
        await RefusedAsync(scene.Client.GetConnectionAsync(new GetConnectionRequest { Name = created.Name }), StatusCode.NotFound);
        await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.NotFound);
        var rows = await Harness.Database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT COUNT(*) FROM connections WHERE environment_id = @Environment", new { scene.Environment }), Token);
        Assert.That(rows, Is.Zero);
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_REMOVED {Scene.Admin} braze").And.Some.EqualTo($"EXPORT_USER_REMOVED {Scene.Admin} {Scene.Admin}"));
        await scene.CreateAsync();
    }

    [Test]
    public async Task Used_connection_stays_and_the_exports_are_named()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        Exports.Use(created.Name, $"{scene.Parent}/exports/daily");
        Exports.Use(created.Name, $"{scene.Parent}/exports/weekly");
        var refused = await RefusedAsync(scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = created.Name }), StatusCode.FailedPrecondition, "CONNECTION_IN_USE");
        Assert.That(refused.Status.Detail, Does.Contain($"{scene.Parent}/exports/daily, {scene.Parent}/exports/weekly."));
        Assert.That(await scene.GetAsync(), Is.EqualTo(created));
    }

    [Test]
    public async Task Many_exports_are_not_all_named()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        for (var i = 0; i < 30; i++)
        {
            Exports.Use(created.Name, $"{scene.Parent}/exports/e-{i:D2}");
        }

        var refused = await RefusedAsync(scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = created.Name }), StatusCode.FailedPrecondition, "CONNECTION_IN_USE");
        Assert.That(refused.Status.Detail, Does.Contain("exports/e-19, and more").And.Not.Contain("e-20"));
    }

    [Test]
    public async Task Stale_etag_and_unknown_name_are_refused()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        await RefusedAsync(scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = created.Name, Etag = "old" }), StatusCode.Aborted, "STALE_ETAG");
        await RefusedAsync(scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = $"{created.Name}-not" }), StatusCode.NotFound);
    }
}
