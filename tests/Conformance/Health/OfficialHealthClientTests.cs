using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using CustomerInsights.ServiceDefaults.HealthChecking;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.Conformance.Health;

/// <summary>The client of grpc-health-check asks our health service.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OfficialHealthClientTests : IAsyncDisposable
{
    private readonly ServingStatuses _statuses = new();
    private TestServer _server = null!;
    private NodePeer _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _statuses.Set("", ServingStatus.Serving);
        _statuses.Set("segments", ServingStatus.NotServing);
        _server = await TestServer.StartAsync<HealthService>(services: services => services.AddSingleton(_statuses));
        _client = NodePeer.Start("Health/health.mjs", new JsonObject { ["port"] = _server.Address.Port });
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test, CancelAfter(20_000)]
    public async Task Check_and_list_answer_what_is_known(CancellationToken cancellationToken)
    {
        var server = await CheckAsync("", cancellationToken);
        var segments = await CheckAsync("segments", cancellationToken);
        var unknown = await CheckAsync("nothing", cancellationToken);
        var all = await _client.AskAsync(new JsonObject { ["list"] = true }, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That((string?)server["status"], Is.EqualTo("SERVING"));
            Assert.That((string?)segments["status"], Is.EqualTo("NOT_SERVING"));
            Assert.That((int?)unknown["code"], Is.EqualTo((int)StatusCode.NotFound));
            Assert.That((string?)all["statuses"]?["segments"]?["status"], Is.EqualTo("NOT_SERVING"), all.ToJsonString());
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task A_watch_follows_a_service_from_before_it_is_known_to_the_stop(CancellationToken cancellationToken)
    {
        await _client.AskAsync(new JsonObject { ["watch"] = "late" }, cancellationToken);
        Assert.That(await NextStatusAsync(cancellationToken), Is.EqualTo("SERVICE_UNKNOWN"));
        _statuses.Set("late", ServingStatus.Serving);
        Assert.That(await NextStatusAsync(cancellationToken), Is.EqualTo("SERVING"));
        _statuses.Set("segments", ServingStatus.Serving);
        _statuses.Set("late", ServingStatus.NotServing);
        Assert.That(await NextStatusAsync(cancellationToken), Is.EqualTo("NOT_SERVING"), "What changes elsewhere is no message.");
        _statuses.Set("late", ServingStatus.Serving);
        Assert.That(await NextStatusAsync(cancellationToken), Is.EqualTo("SERVING"));

        // As a process does it when it stops.
        _statuses.SetAll(ServingStatus.NotServing);
        var stop = _server.StopAsync(cancellationToken);

        Assert.That(await NextStatusAsync(cancellationToken), Is.EqualTo("NOT_SERVING"));
        var end = await _client.ReadAsync(cancellationToken);
        Assert.That((int?)end["code"], Is.EqualTo((int)StatusCode.Unavailable), end.ToJsonString());
        await stop;
    }

    private Task<JsonNode> CheckAsync(string service, CancellationToken cancellationToken) =>
        _client.AskAsync(new JsonObject { ["check"] = service }, cancellationToken);

    private async Task<string?> NextStatusAsync(CancellationToken cancellationToken) => (string?)(await _client.ReadAsync(cancellationToken))["status"];
}
