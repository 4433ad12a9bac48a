using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Rpc.Tests;
using CustomerInsights.ServiceDefaults.HealthChecking;
using CustomerInsights.ServiceDefaults.Reflecting;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Conformance.Reflecting;

/// <summary>
/// The scripts that README offers, which know a server by grpc-js-reflection-client alone and have no copy of its proto files.
/// </summary>
[Parallelizable]
internal sealed class ReflectionClientTests
{
    private const string Service = "grpc.testing.TestService";

    [TestCase("v1")]
    [TestCase("v1alpha")]
    [CancelAfter(30_000)]
    public async Task Services_and_methods_are_listed(string version, CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(both => both.MapGrpcService<ReflectionService>());

        var (code, output, errors) = await NodePeer.RunAsync("Reflecting/list.mjs", [server.Address.Authority, "", version], cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(output.Split('\n').Where(line => line.Length > 0 && line[0] != ' '), Is.EqualTo(["grpc.health.v1.Health", Service]));
        Assert.That(output, Does.Contain("  UnaryCall (SimpleRequest) returns (SimpleResponse)\n"));
        Assert.That(output, Does.Contain("  FullDuplexCall (stream StreamingOutputCallRequest) returns (stream StreamingOutputCallResponse)\n"));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_part_of_the_name_chooses(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(both => both.MapGrpcService<ReflectionService>());

        var (code, output, errors) = await NodePeer.RunAsync("Reflecting/list.mjs", [server.Address.Authority, "HEALTH"], cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(output, Is.EqualTo("""
            grpc.health.v1.Health
              Check (HealthCheckRequest) returns (HealthCheckResponse)
              List (HealthListRequest) returns (HealthListResponse)
              Watch (HealthCheckRequest) returns (stream HealthCheckResponse)

            """.ReplaceLineEndings("\n")));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_server_with_the_older_version_only_is_understood(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(_ => { });

        var (code, output, errors) = await NodePeer.RunAsync("Reflecting/list.mjs", [server.Address.Authority, "Testing"], cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(output, Does.StartWith($"{Service}\n"));
    }

    [Test, CancelAfter(30_000)]
    public async Task All_our_contracts_can_be_loaded(CancellationToken cancellationToken)
    {
        FileDescriptor[] files =
        [
            EnvironmentsReflection.Descriptor, ConnectionsReflection.Descriptor, ProfilesReflection.Descriptor, SegmentsReflection.Descriptor,
            MembershipsReflection.Descriptor, ExportsReflection.Descriptor,
        ];
        var services = files.SelectMany(file => file.Services).OrderBy(service => service.FullName, StringComparer.Ordinal).ToList();
        await using var server = await TestServer.StartAsync(
            routes => routes.MapGrpcService<ReflectionService>(), services: container => container.AddSingleton(new ReflectedServices(services)));

        var (code, output, errors) = await NodePeer.RunAsync("Reflecting/list.mjs", [server.Address.Authority], cancellationToken);

        Assert.That(code, Is.Zero, errors);
        Assert.That(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0]),
            Is.EqualTo(services.SelectMany(service => service.Methods.Select(method => method.Name).Prepend(service.FullName))));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_method_is_called_with_json_and_a_token(CancellationToken cancellationToken)
    {
        string? token = null;
        var size = 0;
        await using var server = await ServeAsync(both => both.MapGrpcService<ReflectionService>(), new Script
        {
            Unary = (request, context) =>
            {
                token = context.RequestHeaders.GetValue("authorization");
                size = request.ResponseSize;
                return Task.FromResult(new SimpleResponse { Payload = new Payload { Body = request.Payload.Body } });
            },
        });

        var answer = await CallAsync(server, "UnaryCall", """{"response_size": 3, "payload": {"body": "aGVsbG8="}}""", cancellationToken, "--token", "abc.def");

        Assert.That(JsonNode.DeepEquals(answer.Single(), JsonNode.Parse("""{"payload":{"type":"COMPRESSABLE","body":"aGVsbG8="}}""")), answer.Single().ToJsonString());
        Assert.That((token, size), Is.EqualTo(("Bearer abc.def", 3)));
    }

    [Test, CancelAfter(30_000)]
    public async Task Streams_go_both_ways(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(both => both.MapGrpcService<ReflectionService>(), new Script
        {
            Both = async (requests, responses, context) =>
            {
                await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
                {
                    await responses.WriteAsync(new StreamingOutputCallResponse { Payload = request.Payload });
                }
            },
        });

        var answers = await CallAsync(server, "FullDuplexCall", """[{"payload": {"body": "YQ=="}}, {"payload": {"body": "Yg=="}}]""", cancellationToken);

        Assert.That(answers.Select(answer => (string?)answer["payload"]!["body"]), Is.EqualTo(["YQ==", "Yg=="]));
    }

    [TestCase("UnaryCall", "{}", "PERMISSION_DENIED: Not you.\n")]
    [TestCase("StreamingInputCall", """{"expectCompressed": {}}""", "StreamingInputCallRequest has no field expectCompressed; it has payload, expect_compressed.\n")]
    [TestCase("NoSuchCall", "{}", $"{Service} has no method NoSuchCall.\n")]
    [CancelAfter(30_000)]
    public async Task What_goes_wrong_is_said(string method, string json, string message, CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(
            both => both.MapGrpcService<ReflectionService>(),
            new Script { Unary = (_, _) => throw new RpcException(new Status(StatusCode.PermissionDenied, "Not you.")) });

        var (code, _, errors) = await NodePeer.RunAsync("Reflecting/call.mjs", [server.Address.Authority, $"{Service}/{method}", json], cancellationToken);

        Assert.That((code, errors), Is.EqualTo((1, message)));
    }

    private static async Task<IReadOnlyList<JsonNode>> CallAsync(
        TestServer server, string method, string json, CancellationToken cancellationToken, params string[] more)
    {
        var (code, output, errors) = await NodePeer.RunAsync("Reflecting/call.mjs", [server.Address.Authority, $"{Service}/{method}", json, .. more], cancellationToken);
        Assert.That(code, Is.Zero, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private static Task<TestServer> ServeAsync(Action<IEndpointRouteBuilder> alsoMap, Script? script = null) => TestServer.StartAsync(
        routes =>
        {
            routes.MapGrpcService<ScriptedService>();
            routes.MapGrpcService<HealthService>();
            routes.MapGrpcService<ReflectionV1AlphaService>();
            alsoMap(routes);
        },
        services: services => services
            .AddSingleton(script ?? new Script())
            .AddSingleton(new ServingStatuses())
            .AddSingleton(new ReflectedServices([TestService.Descriptor, global::Grpc.Health.V1.Health.Descriptor])));
}
