using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Calls use the cancellation sources of calls before them; no call may end another one by that.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class SparedCancellationTests
{
    [Test]
    public async Task Ends_of_calls_that_are_over_do_not_reach_those_that_follow(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(
            async () =>
            {
                for (var i = 0; i < 300; i++)
                {
                    using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    using var call = client.UnaryCallAsync(new SimpleRequest { ResponseSize = worker }, cancellationToken: cancel.Token);
                    Assert.That((await call).Payload.Body, Has.Length.EqualTo(worker));
                    call.Dispose();
                    await cancel.CancelAsync();
                }
            },
            cancellationToken)));
    }

    [Test]
    public async Task A_source_that_has_fired_is_not_used_again([Values("no message", "cancelled", "past its deadline")] string end, CancellationToken cancellationToken)
    {
        await using var empty = await StrangeServer.StartAsync(StrangeServer.Answering([], 0));
        await using var slow = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(new Script
        {
            Unary = async (request, context) =>
            {
                await Task.Delay(request.ResponseSize > 0 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, context.CancellationToken);
                return new SimpleResponse();
            },
        }));
        var client = new TestService.TestServiceClient(slow.Channel);
        for (var i = 0; i < 50; i++)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var deadline = end == "past its deadline" ? TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(2) : (DateTime?)null;
            using var ended = end == "no message"
                ? empty.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)
                : client.UnaryCallAsync(new SimpleRequest { ResponseSize = 1 }, deadline: deadline, cancellationToken: cancel.Token);
            if (end == "cancelled")
            {
                await cancel.CancelAsync();
            }

            await Expect.FailureAsync(async () => await ended);

            Assert.That(await client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken), Is.Not.Null);
        }
    }
}
