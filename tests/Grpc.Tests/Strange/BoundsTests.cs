using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Gzip = CustomerInsights.Rpc.Wire.Gzip;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>What a peer can make us hold: never more than a bounded buffer.</summary>
[NonParallelizable]
[CancelAfter(30_000)]
internal sealed class BoundsTests
{
    private const string Unary = "/grpc.testing.TestService/UnaryCall";
    private const int MessageSize = 1000;
    private const int Bomb = 50_000_000;

    /// <summary>A write that takes longer waits for the peer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    [Test]
    public async Task A_server_takes_nothing_of_a_message_over_its_limit(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, Unary, cancellationToken);
        await peer.DataAsync(1, RawCall.Frame(new byte[10_000], announced: int.MaxValue), false, cancellationToken);
        var granted = 0;
        var answer = await peer.ReadAsync(
            frame =>
            {
                granted += frame is { Type: FrameType.WindowUpdate, Stream: 1 } ? frame.Number : 0;
                return frame is { Type: FrameType.Headers, Stream: 1 };
            },
            cancellationToken);

        Measured.Say($"a message announced with 2 GiB: the server asked for {granted} bytes more of it");
        Assert.That((answer.Headers["grpc-status"], granted), Is.EqualTo(("8", 0)));
    }

    [Test]
    public async Task An_announced_length_costs_nothing_before_its_bytes_come([Values] bool isServer, CancellationToken cancellationToken)
    {
        const int Calls = 90;
        var announcement = RawCall.Frame(new byte[10], announced: 4 * 1024 * 1024);
        await using var server = await TestServer.StartAsync<InteropService>();
        using var raw = new RawServer();
        await using var peer = await PeerAsync(isServer, server, raw, cancellationToken);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var call = 0; call < Calls; call++)
        {
            if (isServer)
            {
                await peer.RequestAsync((call * 2) + 1, Unary, cancellationToken);
                await peer.DataAsync((call * 2) + 1, announcement, false, cancellationToken);
            }
            else
            {
                _ = raw.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken).ResponseAsync.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
                var stream = await peer.TakeRequestAsync(cancellationToken);
                await peer.RespondAsync(stream, cancellationToken);
                await peer.DataAsync(stream, announcement, false, cancellationToken);
            }
        }

        await peer.RoundTripAsync(cancellationToken);
        var perCall = (GC.GetTotalAllocatedBytes(precise: true) - before) / Calls;

        Measured.Say($"a message announced with 4 MiB of which 10 bytes come: {perCall} bytes allocated per call by the {(isServer ? "server" : "client")} and its peer");
        Assert.That(perCall, Is.LessThan(100_000));
    }

    [Test]
    public async Task A_client_that_does_not_read_holds_the_server_back(CancellationToken cancellationToken)
    {
        const int Messages = 2000;
        var blocked = new TaskCompletionSource<int>();
        await using var server = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(new Script
        {
            Down = async (_, responses, _) =>
            {
                for (var written = 1; written <= Messages; written++)
                {
                    var write = responses.WriteAsync(new StreamingOutputCallResponse { Payload = PayloadOf(MessageSize) });
                    if (!blocked.Task.IsCompleted && await Task.WhenAny(write, Task.Delay(Patience)) != write)
                    {
                        blocked.SetResult(written);
                    }

                    await write;
                }
            },
        }));
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, "/grpc.testing.TestService/StreamingOutputCall", cancellationToken);
        await peer.DataAsync(1, RawCall.Frame(new StreamingOutputCallRequest()), true, cancellationToken);

        var written = await blocked.Task.WaitAsync(cancellationToken);
        Measured.Say($"a client that does not read: the server wrote {written} messages of {MessageSize} bytes, {written - (RawPeer.DefaultWindow / MessageSize)} beyond the client's window, and waited");
        await peer.GrantAsync(1, 100_000_000, cancellationToken);

        Assert.That(await peer.OutcomeAsync(1, cancellationToken), Is.EqualTo("0"));
        Assert.That(written, Is.InRange(60, 200));
    }

    [Test]
    public async Task A_server_that_does_not_read_holds_the_client_back(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.StreamingInputCall(cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var request = new StreamingInputCallRequest { Payload = PayloadOf(MessageSize) };
        var written = 0;
        Task write;
        do
        {
            write = call.RequestStream.WriteAsync(request, cancellationToken);
            written++;
        }
        while (await Task.WhenAny(write, Task.Delay(Patience, cancellationToken)) == write);

        Measured.Say($"a server that does not read: the client wrote {written} messages of {MessageSize} bytes, {written - (RawPeer.DefaultWindow / MessageSize)} beyond the server's window, and waited");
        var stream = (await peer.ReadAsync(frame => frame.Type == FrameType.Data, cancellationToken)).Stream;
        await peer.GrantAsync(stream, 1_000_000, cancellationToken);
        await write.WaitAsync(cancellationToken);

        Assert.That(written, Is.InRange(60, 250));
    }

    [Test]
    public async Task A_method_of_the_client_that_does_not_read_grants_nothing(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        await peer.RespondAsync(stream, cancellationToken);
        var message = RawCall.Frame(new StreamingOutputCallResponse { Payload = PayloadOf(MessageSize) });
        var fitting = GrpcChannel.StreamWindow / message.Length;
        for (var sent = 0; sent < fitting; sent++)
        {
            await peer.DataAsync(stream, message, false, cancellationToken);
        }

        var granting = peer.ReadAsync(frame => frame.Type == FrameType.WindowUpdate && frame.Stream == stream, cancellationToken);
        var first = await Task.WhenAny(granting, Task.Delay(Patience, cancellationToken));
        Assert.That(first, Is.Not.SameAs(granting), "nothing was read, so no more may come");
        for (var read = 0; read < fitting * 3 / 4; read++)
        {
            await call.ResponseStream.MoveNext(cancellationToken);
        }

        Assert.That((await granting).Number, Is.Positive);
    }

    [Test]
    public async Task A_gzip_bomb_is_refused_while_it_inflates([Values] bool isServer, CancellationToken cancellationToken)
    {
        const int Limit = 100_000;
        var bomb = RawCall.Frame(Gzip.Compress(new byte[Bomb]).ToArray(), flag: 1);
        await using var server = await TestServer.StartAsync<InteropService>(options => options.MaxReceiveMessageSize = Limit * 3);
        await using var strange = await StrangeServer.StartAsync(
            StrangeServer.Answering(bomb, 0, encoding: "gzip"), new GrpcChannelOptions { MaxReceiveMessageSize = Limit * 3 });
        using var call = new RawCall(server.Address) { Headers = { ["grpc-encoding"] = "gzip" } };
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var status = isServer
            ? (await call.SendAsync(cancellationToken, bomb)).Status
            : await Expect.StatusAsync(async () => await strange.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Measured.Say($"{bomb.Length} bytes of gzip that grow to {Bomb}, at a limit of {Limit * 3}: {allocated} bytes allocated by the {(isServer ? "server" : "client")} and its peer");
        Assert.That(status, Is.EqualTo(StatusCode.ResourceExhausted));
        Assert.That(allocated, Is.LessThan(5_000_000));
    }

    [Test]
    public async Task Cut_gzip_is_internal([Values] bool isServer, CancellationToken cancellationToken)
    {
        var whole = Gzip.Compress(new SimpleRequest { Payload = PayloadOf(MessageSize) }.ToByteArray()).ToArray();
        byte[] cut = [];
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var strange = await StrangeServer.StartAsync(http => StrangeServer.Answering(cut, 0, encoding: "gzip")(http));
        using var call = new RawCall(server.Address) { Headers = { ["grpc-encoding"] = "gzip" } };
        for (var length = 1; length < whole.Length; length++)
        {
            cut = RawCall.Frame(whole[..length], flag: 1);
            var status = isServer
                ? (await call.SendAsync(cancellationToken, cut)).Status
                : await Expect.StatusAsync(async () => await strange.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

            Assert.That(status, Is.EqualTo(StatusCode.Internal), $"cut after {length} of {whole.Length} bytes");
        }
    }

    private static async Task<RawPeer> PeerAsync(bool isServer, TestServer server, RawServer raw, CancellationToken cancellationToken)
    {
        if (isServer)
        {
            return await RawPeer.ConnectAsync(server.Address, cancellationToken);
        }

        // The first call makes the connection that the counted ones use.
        _ = raw.Client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken).ResponseAsync.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        var peer = await raw.AcceptAsync(cancellationToken);
        await peer.TakeRequestAsync(cancellationToken);
        return peer;
    }

    private static Payload PayloadOf(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };
}
