using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>Peers that keep the other side busy without asking for anything. The transport defends itself; we show that the process does.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class FloodTests
{
    private const int Times = 5_000;
    private const string Unary = "/grpc.testing.TestService/UnaryCall";

    [Test]
    public async Task A_flood_costs_at_most_its_own_connection(
        [Values(FrameType.Settings, FrameType.Ping, FrameType.WindowUpdate, FrameType.Data, FrameType.Continuation, FrameType.Reset)] FrameType type,
        CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        var reading = DrainAsync(peer, cancellationToken);
        await Expect.ExceptionAsync(async () =>
        {
            await peer.RequestAsync(1, Unary, cancellationToken);
            for (var i = 0; i < Times; i++)
            {
                await peer.WriteAsync(Flood(type, i), cancellationToken);
            }
        });

        var client = new TestService.TestServiceClient(server.Channel);
        Assert.That(await client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken), Is.Not.Null);
        peer.Drop();
        await reading;
        Assert.That(server.Errors, Is.All.Contains("exceeded"), "the transport may say why it broke off, nothing else may be wrong");
    }

    [Test]
    public async Task A_server_that_floods_ends_with_a_status([Values(FrameType.Settings, FrameType.Ping, FrameType.WindowUpdate, FrameType.Data)] FrameType type, CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        var reading = DrainAsync(peer, cancellationToken);
        await Expect.ExceptionAsync(async () =>
        {
            await peer.RespondAsync(stream, cancellationToken);
            for (var i = 0; i < Times; i++)
            {
                await peer.WriteAsync(Flood(type, i), cancellationToken);
            }

            await peer.DataAsync(stream, RawCall.Frame(new SimpleResponse()), false, cancellationToken);
            await peer.HeadersAsync(stream, true, [("grpc-status", "0")], cancellationToken);
        });

        var exception = await Expect.ExceptionAsync(async () => await call);

        Assert.That(exception, Is.Null.Or.InstanceOf<RpcException>());
        peer.Drop();
        await reading;
    }

    private static byte[] Flood(FrameType type, int i) => type switch
    {
        FrameType.Settings => RawPeer.Frame(type, 0, 0, [0, 4, 0, 0, 0xff, 0xff]),
        FrameType.Ping => RawPeer.Frame(type, 0, 0, new byte[8]),
        FrameType.WindowUpdate => RawPeer.Frame(type, 0, 0, [0, 0, 0, 1]),
        FrameType.Data => RawPeer.Frame(type, 0, 1, []),
        FrameType.Continuation => [.. i == 0 ? Opening(3, flags: 0) : [], .. RawPeer.Frame(type, 0, 3, RawHeaders.Encode(("x", "y")))],
        _ => [.. Opening((i * 2) + 3, RawFrame.EndHeaders), .. ResetOf((i * 2) + 3)],
    };

    private static byte[] Opening(int stream, byte flags) => RawPeer.Frame(
        FrameType.Headers, flags, stream, RawHeaders.Encode((":method", "POST"), (":scheme", "http"), (":path", Unary), ("content-type", "application/grpc")));

    private static byte[] ResetOf(int stream) => RawPeer.Frame(FrameType.Reset, 0, stream, [0, 0, 0, 8]);

    /// <summary>Reads until the connection ends, by the other side or by the test.</summary>
    private static Task<Exception?> DrainAsync(RawPeer peer, CancellationToken cancellationToken) => Expect.ExceptionAsync(async () =>
    {
        while (await peer.ReadAsync(cancellationToken) is not null)
        {
        }
    });
}
