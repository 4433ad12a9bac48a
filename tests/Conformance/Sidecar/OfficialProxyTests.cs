using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Dapr.Runtime.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Conformance.Sidecar;

/// <summary>Official gRPC peers at both ends of the stand-in's proxy.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OfficialProxyTests : IAsyncDisposable
{
    private readonly SidecarNetwork _network = new();
    private readonly List<IAsyncDisposable> _started = [];

    public async ValueTask DisposeAsync()
    {
        for (var i = _started.Count - 1; i >= 0; i--)
        {
            await _started[i].DisposeAsync();
        }
    }

    [Test, CancelAfter(60_000)]
    public Task A_call(CancellationToken cancellationToken) => QuirkTable.RunAsync("proxy", "grpc-js calls by dapr-app-id: message, headers and trailers come back", async () =>
    {
        var client = await StartClientAsync(null, cancellationToken);

        var answer = await client.AskAsync(new JsonObject { ["unary"] = 50_000, ["metadata"] = To("store") }, cancellationToken);

        Assert.That(((int?)answer["size"], (string?)answer["headers"]?["early"], (string?)answer["trailers"]?["late"]), Is.EqualTo(((int?)50_000, "1", "2")), answer.ToJsonString());
    });

    [Test, CancelAfter(60_000)]
    public Task Without_app_id(CancellationToken cancellationToken) => QuirkTable.RunAsync("proxy", "grpc-js calls without dapr-app-id: an error", async () =>
    {
        var client = await StartClientAsync(null, cancellationToken);

        var answer = await client.AskAsync(new JsonObject { ["unary"] = 1, ["metadata"] = new JsonObject() }, cancellationToken);

        Assert.That((int?)answer["code"], Is.EqualTo((int)StatusCode.Unknown), answer.ToJsonString());
    });

    [CancelAfter(60_000)]
    [TestCase(false, false, StatusCode.OK)]
    [TestCase(true, true, StatusCode.OK)]
    [TestCase(true, false, StatusCode.FailedPrecondition)]
    public Task A_stream(bool hasPolicy, bool isMarked, StatusCode code, CancellationToken cancellationToken) => QuirkTable.RunAsync(
        "proxy", $"grpc-js streams {(isMarked ? "with" : "without")} dapr-stream {(hasPolicy ? "under a retry policy" : "without policy")}: {code}", async () =>
        {
            var client = await StartClientAsync(hasPolicy ? new ResiliencyPolicy { Retry = new RetryPolicy { MaxRetries = 2, Duration = TimeSpan.FromMilliseconds(1) } } : null, cancellationToken);
            var metadata = To("store");
            if (isMarked)
            {
                metadata["dapr-stream"] = "true";
            }

            var answer = await client.AskAsync(new JsonObject { ["stream"] = new JsonArray(1, 100_000, 3), ["metadata"] = metadata }, cancellationToken);

            Assert.That((int?)answer["code"], Is.EqualTo((int)code), answer.ToJsonString());
            Assert.That(answer["sizes"]!.AsArray().Select(size => (int)size!), Is.EqualTo(code == StatusCode.OK ? [1, 100_000, 3] : (int[])[1]));
        });

    [Test, CancelAfter(60_000)]
    public Task To_the_official_server(CancellationToken cancellationToken) => QuirkTable.RunAsync("proxy", "the SDK's server is called through its sidecar", async () =>
    {
        var app = new OfficialApp();
        var caller = await StartSidecarAsync(new SidecarOptions { AppId = "shop", Network = _network }, cancellationToken);
        var callee = await StartSidecarAsync(new SidecarOptions { AppId = "store", Network = _network, AppAddress = app.Address }, cancellationToken);
        _started.Add(app);
        await app.StartAsync(callee.HttpAddress.Port, cancellationToken, ("orders", ""));
        await WaitForAppAsync(callee, cancellationToken);
        using var channel = GrpcChannel.ForAddress(caller.GrpcAddress);

        var listed = await new AppCallback.AppCallbackClient(channel).ListTopicSubscriptionsAsync(new Google.Protobuf.WellKnownTypes.Empty(), [new Metadata.Entry("dapr-app-id", "store")], cancellationToken: cancellationToken);

        Assert.That(listed.Subscriptions.Single().Topic, Is.EqualTo("orders"));
    });

    private static JsonObject To(string appId) => new() { ["dapr-app-id"] = appId };

    private static async Task WaitForAppAsync(IRunningSidecar sidecar, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = sidecar.HttpAddress };
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await http.GetAsync(new Uri("/v1.0/healthz", UriKind.Relative), cancellationToken);
                return response.IsSuccessStatusCode;
            },
            "the sidecar has found its app",
            cancellationToken: cancellationToken);
    }

    private async Task<NodePeer> StartClientAsync(ResiliencyPolicy? policy, CancellationToken cancellationToken)
    {
        var script = new Script
        {
            Unary = async (request, context) =>
            {
                await context.WriteResponseHeadersAsync([new Metadata.Entry("early", "1")]);
                context.ResponseTrailers.Add("late", "2");
                return new SimpleResponse { Payload = request.Payload };
            },
            Both = async (requests, responses, context) =>
            {
                while (await requests.MoveNext(context.CancellationToken))
                {
                    await responses.WriteAsync(new StreamingOutputCallResponse { Payload = requests.Current.Payload });
                }
            },
        };
        var server = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));
        _started.Add(server);
        var policies = policy is null ? [] : new Dictionary<string, ResiliencyPolicy> { ["store"] = policy };
        var caller = await StartSidecarAsync(new SidecarOptions { AppId = "shop", Network = _network, Calls = policies }, cancellationToken);
        await WaitForAppAsync(await StartSidecarAsync(new SidecarOptions { AppId = "store", Network = _network, AppAddress = server.Address }, cancellationToken), cancellationToken);
        var client = NodePeer.Start("Sidecar/proxied.mjs", new JsonObject { ["port"] = caller.GrpcAddress.Port });
        _started.Add(client);
        return client;
    }

    private async Task<IRunningSidecar> StartSidecarAsync(SidecarOptions options, CancellationToken cancellationToken)
    {
        var sidecar = await RunningSidecar.StartAsync(options, cancellationToken);
        _started.Add(sidecar);
        return sidecar;
    }
}
