using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Sandbox;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Protecting;

public sealed class StoredSecretTests(Engine engine) : ConnectionsFixture(engine)
{
    private readonly Engine _engine = engine;

    [Test]
    public async Task Undecryptable_secret_makes_its_connection_ask_for_attention_and_harms_no_other()
    {
        var (scene, other) = (await SetAsync(), await SetAsync());
        await scene.CreateAsync();
        await other.CreateAsync();
        await scene.ExecuteAsync("UPDATE connections SET secret = 'damaged' WHERE environment_id = @Environment", new { scene.Environment }, Token);
        var refused = await RefusedAsync(scene.Worker.FetchCredentialAsync(scene.Fetch()), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
        Assert.That(refused.Status.Detail, Does.Contain("can no longer be decrypted"));
        Assert.That((await scene.GetAsync()).StateReason, Does.Contain("can no longer be decrypted"));
        Assert.That((await other.Worker.FetchCredentialAsync(other.Fetch())).Braze.ApiKey, Is.EqualTo(other.Key));

        var verified = await scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = scene.Fetch().Name });
        Assert.That(verified.Connection.State, Is.EqualTo(ConnectionState.NeedsAttention));
        var repaired = await scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
        {
            Connection = new Connection { Name = scene.Fetch().Name, Braze = new BrazeConnection { ApiKey = scene.Key } },
            UpdateMask = new FieldMask { Paths = { "braze.api_key" } },
        });
        Assert.That(repaired.State, Is.EqualTo(ConnectionState.Active));
        Assert.That((await scene.Worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(scene.Key));
    }

    [Test]
    public async Task Secret_copied_to_another_connection_does_not_open_there()
    {
        var (scene, other) = (await SetAsync(), await SetAsync());
        await scene.CreateAsync();
        await other.CreateAsync();
        await other.ExecuteAsync("UPDATE connections SET secret = @stolen WHERE environment_id = @Environment", new { other.Environment, stolen = await scene.SecretAsync(Token) }, Token);
        await RefusedAsync(other.Worker.FetchCredentialAsync(other.Fetch()), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
    }

    [Test]
    public async Task Secret_moves_to_the_next_key_when_it_is_fetched_and_survives_a_restart()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox = await SandboxServer.StartAsync(new SandboxOptions(), Token);
        await using var database = await TestDatabase.CreateAsync(_engine, Token);
        var options = new HarnessOptions { Database = database, Time = clock, Settings = new Dictionary<string, string?> { ["Connections:AllowedSandboxHosts:0"] = sandbox.Host } };
        Scene scene;
        string before;
        Connection created;
        await using (var harness = await ServiceHarness.StartAsync(new ConnectionsApp(), options, Token))
        {
            scene = new Scene(harness, sandbox);
            await scene.Braze.AllowKeyAsync(scene.Key, Token);
            created = await scene.CreateAsync();
            before = await scene.SecretAsync(Token);
            Assert.That(harness.Logs.Records.Count(r => r.Text.Contains("stored in clear", StringComparison.Ordinal)), Is.EqualTo(1), "the warning comes once");
        }

        clock.Advance(TimeSpan.FromDays(100));
        await using var next = await ServiceHarness.StartAsync(new ConnectionsApp(), options, Token);
        next.Roles.Assign(scene.Environment, Scene.Admin, Contracts.Environments.V1.Role.Administrator);
        var worker = next.ClientOf<CredentialService.CredentialServiceClient>("service:worker-braze");
        var client = next.ClientOf<ConnectionService.ConnectionServiceClient>(Scene.Admin);
        Assert.That((await worker.FetchCredentialAsync(scene.Fetch())).Braze.ApiKey, Is.EqualTo(scene.Key));
        var after = await next.Database.ReadAsync(s => s.QuerySingleAsync<string>("SELECT secret FROM connections"), Token);
        var seen = await client.GetConnectionAsync(new GetConnectionRequest { Name = created.Name });
        Assert.Multiple(() =>
        {
            Assert.That(after[..32], Is.Not.EqualTo(before[..32]), "another key");
            Assert.That(seen, Is.EqualTo(created), "nothing that anybody could see has changed");
        });
        Assert.That((await worker.FetchCredentialAsync(scene.Fetch("again"))).Braze.ApiKey, Is.EqualTo(scene.Key));
    }
}
