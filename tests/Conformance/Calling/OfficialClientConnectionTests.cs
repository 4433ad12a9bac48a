using System.Net;
using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Conformance.Calling;

/// <summary>The official JavaScript client over connections that are secret, or that end.</summary>
[Parallelizable]
internal sealed class OfficialClientConnectionTests
{
    private OfficialClient _client = null!;

    [OneTimeSetUp]
    public void Start() => _client = new OfficialClient();

    [OneTimeTearDown]
    public async Task StopAsync() => await _client.DisposeAsync();

    [Test, CancelAfter(30_000)]
    public async Task Calls_travel_over_tls_and_only_to_whom_is_trusted(CancellationToken cancellationToken)
    {
        using var certificate = new Certificate();
        using var stranger = new Certificate();
        await using var server = await ListeningAsync(new Script(), 0, listen => listen.UseHttps(certificate.ForServer));
        var address = SecondAddress(server);

        var trusted = await _client.CallAsync(address, "UnaryCall", new JsonObject { ["root"] = certificate.Pem, ["payload"] = 100_000 }, cancellationToken);
        var mistrusted = await _client.CallAsync(
            address, "UnaryCall", new JsonObject { ["root"] = stranger.Pem, ["options"] = new JsonObject { ["grpc.use_local_subchannel_pool"] = 1 } }, cancellationToken);

        Assert.That((int)trusted["code"]!, Is.EqualTo((int)StatusCode.OK), trusted.ToJsonString());
        Assert.That((int)mistrusted["code"]!, Is.EqualTo((int)StatusCode.Unavailable), mistrusted.ToJsonString());
    }

    [Test, CancelAfter(30_000)]
    public async Task A_stop_lets_streams_end_and_sends_new_calls_elsewhere(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        var script = new Script
        {
            Down = async (_, messages, _) =>
            {
                await messages.WriteAsync(new StreamingOutputCallResponse { Payload = new Payload() });
                await goOn.Task;
                await messages.WriteAsync(new StreamingOutputCallResponse { Payload = new Payload() });
            },
        };
        await using var server = await ListeningAsync(script, 0);
        var address = SecondAddress(server);

        await _client.StartAsync(address, "StreamingOutputCall", [], cancellationToken);
        var stop = server.StopAsync(cancellationToken);
        var refused = await UntilAsync(StatusCode.Unavailable, address, cancellationToken);
        Assert.That(stop.IsCompleted, Is.False, "The stop must wait for the stream.");
        goOn.SetResult();
        var stream = await _client.EndAsync(cancellationToken);
        await stop;

        Assert.That(((int)stream["code"]!, stream["sizes"]!.AsArray().Count), Is.EqualTo((0, 2)), stream.ToJsonString());
        Assert.That((string?)refused["details"], Is.Not.Empty);

        await using var next = await ListeningAsync(new Script(), new Uri($"http://{address}").Port);
        await UntilAsync(StatusCode.OK, address, cancellationToken);
    }

    /// <summary>Calls until a call ends with a status. No call may end with anything but OK or UNAVAILABLE.</summary>
    private async Task<JsonNode> UntilAsync(StatusCode wanted, string address, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await _client.CallAsync(address, "UnaryCall", [], cancellationToken);
            var code = (StatusCode)(int)answer["code"]!;
            Assert.That(code, Is.AnyOf(StatusCode.OK, StatusCode.Unavailable), answer.ToJsonString());
            if (code == wanted)
            {
                return answer;
            }
        }
    }

    /// <summary>Adds an address to the one that the test server listens on anyway.</summary>
    private static Task<TestServer> ListeningAsync(Script script, int port, Action<ListenOptions>? configure = null) => TestServer.StartAsync<ScriptedService>(
        services: services =>
        {
            services.AddSingleton(script);
            services.Configure<KestrelServerOptions>(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                configure?.Invoke(listen);
            }));
        });

    private static string SecondAddress(TestServer server) =>
        new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Last()).Authority;
}
