using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Soak;

/// <summary>Many calls of all kinds at once, with cancellations, deadlines and dropped streams at random moments.</summary>
[NonParallelizable]
internal sealed class SoakTests
{
    private const int Callers = 32;

    private readonly ConcurrentBag<Exception> _unobserved = [];
    private readonly ConcurrentBag<RpcException> _unexpected = [];

    [Test, CancelAfter(60_000)]
    public async Task Nothing_breaks_leaks_or_hangs(CancellationToken cancellationToken)
    {
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        var statuses = new ConcurrentDictionary<StatusCode, int>();
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                var random = new Random(caller);
                for (var i = 0; i < 60; i++)
                {
                    statuses.AddOrUpdate(await CallAsync(client, random, cancellationToken), 1, (_, count) => count + 1);
                }
            },
            cancellationToken)));

        await client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken);
        await server.StopAsync(cancellationToken);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= OnUnobserved;

        Assert.That(_unexpected, Is.Empty);
        Assert.That(statuses[StatusCode.OK], Is.Positive);
        Assert.That(_unobserved, Is.Empty);
        Assert.That(server.Errors, Is.Empty);
    }

    private async Task<StatusCode> CallAsync(TestService.TestServiceClient client, Random random, CancellationToken cancellationToken)
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
                0 => UnaryAsync(client, random, options),
                1 => DownAsync(client, random, options),
                2 => UpAsync(client, random, options),
                _ => BothAsync(client, random, options),
            });
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            if (exception.StatusCode is not (StatusCode.Cancelled or StatusCode.DeadlineExceeded))
            {
                _unexpected.Add(exception);
            }

            return exception.StatusCode;
        }
    }

    private static async Task UnaryAsync(TestService.TestServiceClient client, Random random, CallOptions options) =>
        await client.UnaryCallAsync(new SimpleRequest { ResponseSize = random.Next(100_000), Payload = Any(random) }, options);

    private static async Task DownAsync(TestService.TestServiceClient client, Random random, CallOptions options)
    {
        using var call = client.StreamingOutputCall(Asking(random), options);
        var count = random.Next(10) == 0 ? 1 : int.MaxValue;
        while (count-- > 0 && await call.ResponseStream.MoveNext())
        {
            await Task.Yield();
        }
    }

    private static async Task UpAsync(TestService.TestServiceClient client, Random random, CallOptions options)
    {
        using var call = client.StreamingInputCall(options);
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

    private static async Task BothAsync(TestService.TestServiceClient client, Random random, CallOptions options)
    {
        using var call = client.FullDuplexCall(options);
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

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs arguments) => _unobserved.Add(arguments.Exception);
}
