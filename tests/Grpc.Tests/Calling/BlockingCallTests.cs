using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Threads that are the only one of their context, as in desktop programs, may wait for calls.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class BlockingCallTests
{
    [TestCase("http")]
    [TestCase("dns")]
    public async Task Nothing_waits_for_the_thread_that_waits_for_a_call(string scheme, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var credentials = CallCredentials.FromInterceptor(async (_, _) => await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding));
        using var channel = GrpcChannel.ForAddress(
            string.Create(CultureInfo.InvariantCulture, $"{scheme}://{(scheme == "dns" ? "/" : "")}localhost:{server.Address.Port}"),
            new GrpcChannelOptions
            {
                Credentials = ChannelCredentials.Create(ChannelCredentials.Insecure, CallCredentials.Compose(credentials, credentials)),
                UnsafeUseInsecureChannelCallCredentials = true,
            });
        var context = new WaitingContext();
        var ended = new TaskCompletionSource();
        new Thread(() =>
        {
            SynchronizationContext.SetSynchronizationContext(context);
            try
            {
                CallAll(new TestService.TestServiceClient(channel), cancellationToken);
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception);
            }
        }) { IsBackground = true }.Start();

        await ended.Task.WaitAsync(cancellationToken);

        Assert.That(context.Posted, Is.Zero);
    }

    private static void CallAll(TestService.TestServiceClient client, CancellationToken cancellationToken)
    {
        var large = new SimpleRequest { ResponseSize = 300_000 };
        client.UnaryCall(large, new CallOptions(cancellationToken: cancellationToken).WithWaitForReady());
        client.UnaryCall(large, cancellationToken: cancellationToken);
        using var up = client.StreamingInputCall(cancellationToken: cancellationToken);
        for (var i = 0; i < 10; i++)
        {
            up.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = new Payload { Body = Google.Protobuf.ByteString.CopyFrom(new byte[50_000]) } }, cancellationToken)
                .GetAwaiter().GetResult();
        }

        up.RequestStream.CompleteAsync().GetAwaiter().GetResult();
        up.ResponseAsync.GetAwaiter().GetResult();
        using var down = client.StreamingOutputCall(
            new StreamingOutputCallRequest { ResponseParameters = { Enumerable.Repeat(new ResponseParameters { Size = 100_000 }, 10) } }, cancellationToken: cancellationToken);
        while (down.ResponseStream.MoveNext(cancellationToken).GetAwaiter().GetResult())
        {
        }
    }

    /// <summary>Its one thread never comes to what is posted.</summary>
    private sealed class WaitingContext : SynchronizationContext
    {
        private int _posted;

        public int Posted => _posted;

        public override void Post(SendOrPostCallback d, object? state) => Interlocked.Increment(ref _posted);
    }
}
