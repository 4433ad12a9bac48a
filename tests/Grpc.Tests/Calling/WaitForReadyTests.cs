using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Calls made before there is a server.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class WaitForReadyTests
{
    [Test]
    public async Task A_waiting_call_is_served_when_the_server_comes(CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(StrangeServer.Answering(RawCall.Frame(new SimpleResponse()), 0));
        var failures = 0;
        var isUp = false;
        using var channel = GrpcChannel.ForAddress(server.Address, Options(async (context, connecting) =>
        {
            if (!isUp)
            {
                failures++;
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, connecting);
            return new NetworkStream(socket, ownsSocket: true);
        }));
        var client = new TestService.TestServiceClient(channel);
        var options = new CallOptions(cancellationToken: cancellationToken).WithWaitForReady();
        var unary = client.UnaryCallAsync(new SimpleRequest(), options);
        using var upload = client.StreamingInputCall(options);
        var written = upload.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);
        await Expect.TrueAsync(() => failures >= 4);

        Assert.That(await Expect.StatusAsync(async () => await client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)), Is.EqualTo(StatusCode.Unavailable), "does not wait");
        Assert.That(unary.ResponseAsync.IsCompleted, Is.False);
        isUp = true;

        Assert.That(await unary, Is.Not.Null);
        await written;
        await upload.RequestStream.CompleteAsync();
        Assert.That(await upload, Is.Not.Null);
    }

    [Test]
    public async Task Waiting_ends_at_the_deadline_and_at_a_cancel(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:9", Options((_, _) => throw new SocketException((int)SocketError.ConnectionRefused)));
        var client = new TestService.TestServiceClient(channel);
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(200);
        var cancelled = client.UnaryCallAsync(new SimpleRequest(), new CallOptions(cancellationToken: cancel.Token).WithWaitForReady());

        Assert.That(
            await Expect.StatusAsync(async () => await client.UnaryCallAsync(new SimpleRequest(), new CallOptions(deadline: deadline, cancellationToken: cancellationToken).WithWaitForReady())),
            Is.EqualTo(StatusCode.DeadlineExceeded));
        await cancel.CancelAsync();
        Assert.That(await Expect.StatusAsync(async () => await cancelled), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public async Task A_server_that_takes_no_connections_is_unavailable(CancellationToken cancellationToken)
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:9", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromMilliseconds(50),
                ConnectCallback = async (_, connecting) =>
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, connecting);
                    return Stream.Null;
                },
            },
            DisposeHttpClient = true,
        });

        Assert.That(
            await Expect.StatusAsync(async () => await new TestService.TestServiceClient(channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)),
            Is.EqualTo(StatusCode.Unavailable));
    }

    private static GrpcChannelOptions Options(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new()
    {
        HttpHandler = new SocketsHttpHandler { ConnectCallback = connect },
        DisposeHttpClient = true,
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(5),
        MaxReconnectBackoff = TimeSpan.FromMilliseconds(20),
    };
}
