using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>A call ends for its server when it ends for its client, even while the client isn't reading.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class UnreadCallTests
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task The_server_notices_that_the_client_no_longer_waits(bool isByDeadline, CancellationToken cancellationToken)
    {
        var noticed = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(new Script
        {
            Down = async (_, messages, context) =>
            {
                // What the server itself makes of the deadline must not help.
                var gone = context.GetHttpContext().RequestAborted;
                await messages.WriteAsync(new StreamingOutputCallResponse(), CancellationToken.None);
                await Task.Delay(Timeout.Infinite, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                noticed.SetResult();
            },
        }));
        var clock = new SteppedTime();
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { Time = clock });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = new TestService.TestServiceClient(channel).StreamingOutputCall(
            new StreamingOutputCallRequest(), deadline: clock.GetUtcNow().UtcDateTime.AddHours(1), cancellationToken: cancel.Token);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);

        if (isByDeadline)
        {
            clock.PassAll();
        }
        else
        {
            await cancel.CancelAsync();
        }

        await noticed.Task.WaitAsync(cancellationToken);
        Assert.That(
            await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)),
            Is.EqualTo(isByDeadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled));
    }

    /// <summary>Real time, but its timers fire when the test says so.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private Action? _timers;

        public void PassAll() => _timers?.Invoke();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers += () => callback(state);
            return System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
