using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Nobody hears of the failure of a call that its caller has forgotten.</summary>
[NonParallelizable]
[CancelAfter(20_000)]
internal sealed class AbandonedCallTests
{
    private const string Mark = "a failure that nobody looks at";

    [Test]
    public async Task Failures_of_abandoned_calls_are_not_unobserved([Values("by status", "before the request", "by size")] string kind, CancellationToken cancellationToken)
    {
        var unobserved = new ConcurrentQueue<string>();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, failed) => unobserved.Enqueue($"{failed.Exception}");
        await using var server = await TestServer.StartAsync<InteropService>();
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = true, MaxSendMessageSize = 100 });
        TaskScheduler.UnobservedTaskException += note;
        try
        {
            var tasks = await AbandonAsync(new TestService.TestServiceClient(channel), kind);
            await Expect.SoonAsync(() => IsCollected(tasks), cancellationToken);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= note;
        }

        Assert.That(unobserved.Where(text => text.Contains(Mark, StringComparison.Ordinal) || text.Contains("larger than 100 bytes", StringComparison.Ordinal)), Is.Empty);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<IReadOnlyList<WeakReference>> AbandonAsync(TestService.TestServiceClient client, string kind)
    {
        var options = kind == "before the request"
            ? new CallOptions().WithCredentials(CallCredentials.FromInterceptor(async (_, _) =>
            {
                await Task.Yield();
                throw new RpcException(new Status(StatusCode.Unauthenticated, Mark));
            }))
            : default;
        var request = new SimpleRequest { ResponseStatus = new EchoStatus { Code = 5, Message = kind == "by size" ? new string('x', 100) : Mark } };
        var calls = Enumerable.Range(0, 5).Select(_ => client.UnaryCallAsync(request, options)).ToList();
        var tasks = calls.SelectMany(call => new Task[] { call.ResponseAsync, call.ResponseHeadersAsync }).ToList();
        await Expect.TrueAsync(() => tasks.All(task => task.IsCompleted));
        return [.. tasks.Select(task => new WeakReference(task))];
    }

    private static bool IsCollected(IReadOnlyList<WeakReference> tasks)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return !tasks.Any(task => task.IsAlive);
    }
}
