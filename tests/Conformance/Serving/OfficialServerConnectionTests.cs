using System.Net.Security;
using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Conformance.Serving;

/// <summary>Our client over connections to the official JavaScript server that are secret, watched, or that end.</summary>
[Parallelizable]
internal sealed class OfficialServerConnectionTests
{
    [Test, CancelAfter(30_000)]
    public async Task Calls_travel_over_tls_and_only_to_whom_is_trusted(CancellationToken cancellationToken)
    {
        using var certificate = new Certificate();
        using var stranger = new Certificate();
        await using var server = await OfficialServer.StartAsync(
            new JsonObject { ["key"] = certificate.KeyPem, ["certificate"] = certificate.Pem }, cancellationToken);

        var response = await CallTrustingAsync(certificate);
        var mistrusted = await Expect.StatusAsync(() => CallTrustingAsync(stranger));

        Assert.That(response.Payload.Body, Has.Length.EqualTo(100_000));
        Assert.That(mistrusted, Is.EqualTo(StatusCode.Unavailable));

        async Task<SimpleResponse> CallTrustingAsync(Certificate root)
        {
            using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = root.Policy } };
            using var channel = GrpcChannel.ForAddress($"https://{server.Authority}", new GrpcChannelOptions { HttpHandler = handler });
            return await new TestService.TestServiceClient(channel).UnaryCallAsync(new SimpleRequest { ResponseSize = 100_000 }, cancellationToken: cancellationToken);
        }
    }

    [Test, CancelAfter(30_000)]
    public async Task Frequent_pings_are_answered_while_nothing_else_moves(CancellationToken cancellationToken)
    {
        var often = new JsonObject { ["grpc.keepalive_time_ms"] = 200, ["grpc.keepalive_timeout_ms"] = 2000 };
        await using var server = await OfficialServer.StartAsync(new JsonObject { ["options"] = often }, cancellationToken);
        using var channel = GrpcChannel.ForAddress(server.Address);
        using var call = new TestService.TestServiceClient(channel).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);

        while ((await server.PingsAsync(cancellationToken)).Answered < 4)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        await server.GoOnAsync(cancellationToken);
        Assert.That(await call.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken), Is.EqualTo(1));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_shutdown_lets_streams_end_and_new_calls_go_to_who_comes_next(CancellationToken cancellationToken)
    {
        await using var server = await OfficialServer.StartAsync([], cancellationToken);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new TestService.TestServiceClient(channel);
        using var call = client.StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);

        await server.BeginShutdownAsync(cancellationToken);
        await UntilAsync(client, StatusCode.Unavailable, cancellationToken);
        await server.GoOnAsync(cancellationToken);
        var rest = await call.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken);
        var stopped = await server.HearAsync(cancellationToken);

        Assert.That((rest, call.GetStatus().StatusCode, (bool)stopped["stopped"]!), Is.EqualTo((1, StatusCode.OK, true)));

        await server.ListenAsync(server.Address.Port, [], cancellationToken);
        await UntilAsync(client, StatusCode.OK, cancellationToken);
    }

    /// <summary>Calls until a call ends with a status. No call may end with anything but OK or UNAVAILABLE.</summary>
    private static async Task UntilAsync(TestService.TestServiceClient client, StatusCode wanted, CancellationToken cancellationToken)
    {
        var status = StatusCode.Unknown;
        while (status != wanted)
        {
            using var call = client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken);
            await Expect.ExceptionAsync(async () => await call);
            status = call.GetStatus().StatusCode;
            Assert.That(status, Is.AnyOf(StatusCode.OK, StatusCode.Unavailable), call.GetStatus().ToString());
        }
    }
}
