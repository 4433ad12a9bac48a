using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>Servers that say goodbye, or have heard enough, while calls are under way.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class GoAwayTests
{
    private static readonly byte[] Message = RawCall.Frame(new SimpleResponse());

    [Test]
    public async Task Calls_in_flight_complete_and_new_ones_take_a_new_connection(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var first = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var old = await server.AcceptAsync(cancellationToken);
        var firstStream = await old.TakeRequestAsync(cancellationToken);
        using var second = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        var secondStream = await old.TakeRequestAsync(cancellationToken);

        await old.GoAwayAsync(secondStream, cancellationToken);
        await old.RoundTripAsync(cancellationToken);
        using var third = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var young = await server.AcceptAsync(cancellationToken);
        await AnswerAsync(young, await young.TakeRequestAsync(cancellationToken), cancellationToken);
        await third;
        await AnswerAsync(old, secondStream, cancellationToken);
        await AnswerAsync(old, firstStream, cancellationToken);

        Assert.That(await Task.WhenAll(first.ResponseAsync, second.ResponseAsync), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task A_call_that_the_server_never_saw_is_sent_again(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var seen = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var old = await server.AcceptAsync(cancellationToken);
        var seenStream = await old.TakeRequestAsync(cancellationToken);
        using var unseen = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await old.TakeRequestAsync(cancellationToken);

        await old.GoAwayAsync(seenStream, cancellationToken);
        await using var young = await server.AcceptAsync(cancellationToken);
        await AnswerAsync(young, await young.TakeRequestAsync(cancellationToken), cancellationToken);
        await AnswerAsync(old, seenStream, cancellationToken);

        Assert.That(await Task.WhenAll(seen.ResponseAsync, unseen.ResponseAsync), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task An_upload_that_the_server_never_saw_is_unavailable(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.StreamingInputCall(cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);
        await peer.ReadAsync(frame => frame is { Type: FrameType.Data }, cancellationToken);

        await peer.GoAwayAsync(0, cancellationToken);

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task An_early_answer_ends_an_upload_with_its_status([Values(0, 8)] int status, CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.StreamingInputCall(cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);
        var stream = (await peer.ReadAsync(frame => frame is { Type: FrameType.Data }, cancellationToken)).Stream;

        await peer.RespondAsync(stream, cancellationToken);
        await peer.DataAsync(stream, Message, false, cancellationToken);
        await peer.HeadersAsync(stream, true, [("grpc-status", $"{status}")], cancellationToken);
        await peer.ResetAsync(stream, 0x0, cancellationToken);

        var response = Expect.ExceptionAsync(async () => await call);
        var write = await Expect.ExceptionAsync(async () =>
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);
            }
        });
        Assert.That((await response as RpcException)?.StatusCode, status == 0 ? Is.Null : Is.EqualTo((StatusCode)status));
        Assert.That(write, Is.InstanceOf<InvalidOperationException>().Or.InstanceOf<RpcException>());
    }

    [Test]
    public async Task A_call_that_ends_while_a_message_is_written_fails_the_write_with_its_status(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var cancelling = Marshallers.Create<string>(
            _ =>
            {
                cancel.Cancel();
                return [];
            },
            _ => "");
        var method = new Method<string, string>(MethodType.ClientStreaming, "grpc.testing.TestService", "StreamingInputCall", cancelling, cancelling);
        using var call = server.Channel.CreateCallInvoker().AsyncClientStreamingCall(method, null, new CallOptions(cancellationToken: cancel.Token));
        await using var peer = await server.AcceptAsync(cancellationToken);

        Assert.That(await Expect.StatusAsync(() => call.RequestStream.WriteAsync("", cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public async Task A_call_that_is_disposed_has_ended_although_nobody_reads_on(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        var call = server.Client.StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        await peer.RespondAsync(stream, cancellationToken);
        await call.ResponseHeadersAsync;

        call.Dispose();

        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Cancelled), "what has ended holds on to nothing");
        Assert.That((await peer.ReadAsync(frame => frame.Type == FrameType.Reset, cancellationToken)).Number, Is.EqualTo(0x8));
    }

    private static async Task AnswerAsync(RawPeer peer, int stream, CancellationToken cancellationToken)
    {
        await peer.RespondAsync(stream, cancellationToken);
        await peer.DataAsync(stream, Message, false, cancellationToken);
        await peer.HeadersAsync(stream, true, [("grpc-status", "0")], cancellationToken);
    }
}
