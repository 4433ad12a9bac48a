using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using CustomerInsights.ServiceDefaults.Reflecting;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Conformance.Reflecting;

/// <summary>The commands of README with "buf curl": a client in Go, which knows a server by reflection alone.</summary>
[Parallelizable]
internal sealed class BufCurlTests
{
    private const string Buf = "node_modules/.bin/buf";

    private TestServer _server = null!;
    private string? _token;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TestServer.StartAsync(
        routes =>
        {
            routes.MapGrpcService<ScriptedService>();
            routes.MapGrpcService<ReflectionService>();
            routes.MapGrpcService<ReflectionV1AlphaService>();
        },
        services: services => services
            .AddSingleton(new ReflectedServices([TestService.Descriptor]))
            .AddSingleton(new Script
            {
                Unary = (request, context) =>
                {
                    _token = context.RequestHeaders.GetValue("authorization");
                    return _token is null
                        ? throw new RpcException(new Status(StatusCode.Unauthenticated, "Who are you?"))
                        : Task.FromResult(new SimpleResponse { Payload = request.Payload });
                },
                Both = async (requests, responses, context) =>
                {
                    await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
                    {
                        await responses.WriteAsync(new StreamingOutputCallResponse { Payload = request.Payload });
                    }
                },
            }));

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test, CancelAfter(30_000)]
    public async Task Methods_are_listed(CancellationToken cancellationToken)
    {
        var (code, output, errors) = await NodePeer.RunAsync(Buf, ["curl", "--protocol", "grpc", "--list-methods", At("")], cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EquivalentTo(
            TestService.Descriptor.Methods.Select(method => $"{method.Service.FullName}/{method.Name}")));
    }

    [TestCase("grpc-v1")]
    [TestCase("grpc-v1alpha")]
    [CancelAfter(30_000)]
    public async Task A_method_is_called_with_json_and_a_token(string reflection, CancellationToken cancellationToken)
    {
        var (code, output, errors) = await CallAsync(
            "UnaryCall", """{"payload": {"body": "aGVsbG8="}}""", cancellationToken, "--reflect-protocol", reflection, "-H", "authorization: Bearer abc.def");

        Assert.That(code, Is.Zero, errors);
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(output), JsonNode.Parse("""{"payload":{"body":"aGVsbG8="}}""")), output);
        Assert.That(_token, Is.EqualTo("Bearer abc.def"));
    }

    [Test, CancelAfter(30_000)]
    public async Task Streams_go_both_ways(CancellationToken cancellationToken)
    {
        var (code, output, errors) = await CallAsync("FullDuplexCall", """{"payload": {"body": "YQ=="}} {"payload": {"body": "Yg=="}}""", cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(output, Does.Match("(?s)YQ==.*Yg=="));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_refusal_is_told(CancellationToken cancellationToken)
    {
        var (code, _, errors) = await CallAsync("UnaryCall", "{}", cancellationToken);

        // Its exit code is the status times eight.
        Assert.That(code, Is.EqualTo((int)StatusCode.Unauthenticated * 8), errors);
        Assert.That(errors, Does.Contain("unauthenticated").And.Contain("Who are you?"));
    }

    private Task<(int ExitCode, string Output, string Errors)> CallAsync(string method, string json, CancellationToken cancellationToken, params string[] more) =>
        NodePeer.RunAsync(Buf, ["curl", "--protocol", "grpc", "-d", json, .. more, At($"grpc.testing.TestService/{method}")], cancellationToken);

    private string At(string path) => $"http://{_server.Address.Authority}/{path}";
}
