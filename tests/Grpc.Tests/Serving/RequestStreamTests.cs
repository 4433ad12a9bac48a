using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Serving;

[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class RequestStreamTests
{
    [Test]
    public async Task A_token_that_has_fired_ends_the_read_although_messages_are_at_hand(CancellationToken cancellationToken)
    {
        Exception? refusal = null;
        var read = 1;
        await using var server = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(new Script
        {
            Up = async (requests, _) =>
            {
                await requests.MoveNext(cancellationToken);
                refusal = await Expect.ExceptionAsync(() => requests.MoveNext(new CancellationToken(canceled: true)));
                while (await requests.MoveNext(cancellationToken))
                {
                    read++;
                }

                return new StreamingInputCallResponse();
            },
        }));
        using var call = new TestService.TestServiceClient(server.Channel).StreamingInputCall(cancellationToken: cancellationToken);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        for (var i = 0; i < 10; i++)
        {
            await call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        await call;

        Assert.That(refusal, Is.InstanceOf<OperationCanceledException>());
        Assert.That(read, Is.EqualTo(10), "The messages stay for the next read.");
    }
}
