using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Soak;

/// <summary>Calls of all kinds at random, with cancellations, deadlines, abandoned streams and dropped connections at random moments.</summary>
internal sealed class MixedCalls(TestServer server, ConcurrentBag<Exception> unexpected)
{
    private const string Both = "/grpc.testing.TestService/FullDuplexCall";

    private readonly TestService.TestServiceClient _client = new(server.Channel);
    private int _drops;

    /// <summary>How many connections were dropped since this was last asked.</summary>
    public int TakeDrops() => Interlocked.Exchange(ref _drops, 0);

    public async Task<StatusCode> MakeOneAsync(Random random, CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var options = new CallOptions(cancellationToken: cancel.Token);
        switch (random.Next(4))
        {
            case 0:
                cancel.CancelAfter(TimeSpan.FromMicroseconds(random.Next(20_000)));
                break;
            case 1:
                options = options.WithDeadline(TimeProvider.System.GetUtcNow().UtcDateTime.AddMicroseconds(random.Next(20_000)));
                break;
        }

        try
        {
            await (random.Next(4) switch
            {
                0 => UnaryAsync(random, options),
                1 => DownAsync(random, options),
                2 => UpAsync(random, options),
                _ => BothAsync(random, options),
            });
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            if (exception.StatusCode is not (StatusCode.Cancelled or StatusCode.DeadlineExceeded))
            {
                unexpected.Add(exception);
            }

            return exception.StatusCode;
        }
    }

    /// <summary>Begins some calls on a connection of its own, some with a deadline about to pass, and breaks it.</summary>
    public async Task DropOneConnectionAsync(Random random, CancellationToken cancellationToken)
    {
        var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        for (var call = 0; call < 10; call++)
        {
            await peer.RequestAsync((call * 2) + 1, Both, cancellationToken, ("grpc-timeout", $"{1 + random.Next(50)}m"));
            await peer.DataAsync((call * 2) + 1, RawCall.Frame(Asking(random)).AsMemory(0, random.Next(10)), false, cancellationToken);
        }

        await peer.RoundTripAsync(cancellationToken);
        peer.Drop();
        Interlocked.Increment(ref _drops);
    }

    private async Task UnaryAsync(Random random, CallOptions options) =>
        await _client.UnaryCallAsync(new SimpleRequest { ResponseSize = random.Next(100_000), Payload = Any(random) }, options);

    private async Task DownAsync(Random random, CallOptions options)
    {
        using var call = _client.StreamingOutputCall(Asking(random), options);
        var count = random.Next(10) == 0 ? 1 : int.MaxValue;
        while (count-- > 0 && await call.ResponseStream.MoveNext())
        {
            await Task.Yield();
        }
    }

    private async Task UpAsync(Random random, CallOptions options)
    {
        using var call = _client.StreamingInputCall(options);
        for (var i = 0; i < 5; i++)
        {
            await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = Any(random) });
        }

        if (random.Next(10) != 0)
        {
            await call.RequestStream.CompleteAsync();
            await call;
        }
    }

    private async Task BothAsync(Random random, CallOptions options)
    {
        using var call = _client.FullDuplexCall(options);
        for (var i = 0; i < 5; i++)
        {
            await call.RequestStream.WriteAsync(Asking(random));
            await call.ResponseStream.MoveNext();
        }

        if (random.Next(10) != 0)
        {
            await call.RequestStream.CompleteAsync();
            while (await call.ResponseStream.MoveNext())
            {
                await Task.Yield();
            }
        }
    }

    private static Payload Any(Random random) => new() { Body = ByteString.CopyFrom(new byte[random.Next(50_000)]) };

    private static StreamingOutputCallRequest Asking(Random random) => new()
    {
        ResponseParameters = { Enumerable.Range(0, 3).Select(_ => new ResponseParameters { Size = random.Next(50_000), IntervalUs = random.Next(300) }) },
    };
}
