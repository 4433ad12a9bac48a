using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>What callers do wrong costs them an exception, and neither the stream nor the process.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class MisusedStreamTests
{
    private const int Size = 100;

    [Test]
    public async Task Writers_at_once_do_not_mix_their_messages(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);
        for (var round = 0; round < 30; round++)
        {
            using var call = client.StreamingInputCall(cancellationToken: cancellationToken);
            var written = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => WriteAsync(call.RequestStream), cancellationToken)));
            await call.RequestStream.CompleteAsync();

            Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(written.Sum() * Size));
        }
    }

    [Test]
    public async Task A_second_reader_is_refused_and_the_first_one_goes_on(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        using var call = new TestService.TestServiceClient(server.Channel).FullDuplexCall(cancellationToken: cancellationToken);
        var first = call.ResponseStream.MoveNext(cancellationToken);

        Assert.That(await Expect.ExceptionAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.TypeOf<InvalidOperationException>());

        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = Size } } }, cancellationToken);
        Assert.That(await first, Is.True);
        await call.RequestStream.CompleteAsync();
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.False);
    }

    [Test]
    public async Task A_token_that_has_fired_cancels_although_messages_are_at_hand(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);
        var asked = new StreamingOutputCallRequest { ResponseParameters = { Enumerable.Repeat(new ResponseParameters { Size = Size }, 50) } };
        using var down = client.StreamingOutputCall(asked, cancellationToken: cancellationToken);
        using var up = client.StreamingInputCall(cancellationToken: cancellationToken);
        await down.ResponseStream.MoveNext(cancellationToken);

        var fired = new CancellationToken(canceled: true);

        Assert.That(await Expect.StatusAsync(() => down.ResponseStream.MoveNext(fired)), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(await Expect.StatusAsync(() => up.RequestStream.WriteAsync(MessageOf(), fired)), Is.EqualTo(StatusCode.Cancelled));
    }

    // The server once took what had been sent before for all there was.
    [Test]
    public async Task A_stream_with_a_half_written_message_does_not_end_well(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var failing = Marshallers.Create<byte[]>(
            (bytes, context) =>
            {
                context.SetPayloadLength(100_000);
                context.GetBufferWriter().GetSpan();
                throw new FormatException();
            },
            bytes => []);
        var method = new Method<byte[], byte[]>(MethodType.ClientStreaming, "grpc.testing.TestService", "StreamingInputCall", failing, failing);
        using var call = server.Channel.CreateCallInvoker().AsyncClientStreamingCall(method, null, new CallOptions(cancellationToken: cancellationToken));

        Assert.That(await Expect.ExceptionAsync(() => call.RequestStream.WriteAsync([])), Is.TypeOf<FormatException>());
        await call.RequestStream.CompleteAsync();

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.Internal));
    }

    // It once ended the process: the callback runs where the timer fires.
    [Test]
    public async Task A_callback_that_throws_at_the_deadline_is_harmless(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var credentials = CallCredentials.FromInterceptor((context, _) =>
        {
            context.CancellationToken.Register(() => throw new InvalidOperationException("in a callback"));
            return Task.CompletedTask;
        });
        using var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(server.Address, new() { UnsafeUseInsecureChannelCallCredentials = true });
        var options = new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300), cancellationToken: cancellationToken).WithCredentials(credentials);
        using var call = new TestService.TestServiceClient(channel).FullDuplexCall(options);

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(await new TestService.TestServiceClient(channel).EmptyCallAsync(new Empty(), cancellationToken: cancellationToken), Is.EqualTo(new Empty()));
    }

    // How many were taken; the others are refused as they should be.
    private static async Task<int> WriteAsync(IClientStreamWriter<StreamingInputCallRequest> stream)
    {
        var taken = 0;
        for (var i = 0; i < 50; i++)
        {
            if (await Expect.ExceptionAsync(() => stream.WriteAsync(MessageOf())) is not { } exception)
            {
                taken++;
            }
            else
            {
                Assert.That(exception, Is.TypeOf<InvalidOperationException>());
            }
        }

        return taken;
    }

    private static StreamingInputCallRequest MessageOf() => new() { Payload = new Payload { Body = ByteString.CopyFrom(new byte[Size]) } };
}
