using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>What the client makes of servers that break off, dawdle or talk nonsense below the level of HTTP.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class StrangeServerTests
{
    private static readonly byte[] Message = RawCall.Frame(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[20]) } });

    [Test]
    public async Task A_message_cut_in_two_anywhere_is_read(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        RawPeer? peer = null;
        for (var cut = 1; cut < Message.Length; cut++)
        {
            using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
            peer ??= await server.AcceptAsync(cancellationToken);
            var stream = await peer.TakeRequestAsync(cancellationToken);
            await peer.RespondAsync(stream, cancellationToken);
            await peer.DataAsync(stream, Message.AsMemory(0, cut), false, cancellationToken);
            await peer.RoundTripAsync(cancellationToken);
            await peer.DataAsync(stream, Message.AsMemory(cut), false, cancellationToken);
            await EndAsync(peer, stream, cancellationToken, "0");

            Assert.That((await call).Payload.Body, Has.Length.EqualTo(20), $"cut after {cut} bytes");
        }
    }

    [Test]
    public async Task Several_messages_in_a_frame_are_read_one_by_one(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        await peer.RespondAsync(stream, cancellationToken);
        await peer.DataAsync(stream, (byte[])[.. Message, .. Message, .. Message[..3]], false, cancellationToken);
        await peer.DataAsync(stream, (byte[])[.. Message[3..], .. Message], false, cancellationToken);
        await EndAsync(peer, stream, cancellationToken, "0");

        Assert.That(await call.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken), Is.EqualTo(4));
    }

    [Test]
    public async Task A_message_that_drips_in_is_read(CancellationToken cancellationToken) => Assert.That(
        await StatusAsync(
            async (peer, stream) =>
            {
                await peer.RespondAsync(stream, cancellationToken);
                foreach (var part in Message)
                {
                    await peer.DataAsync(stream, new[] { part }, false, cancellationToken);
                    await peer.RoundTripAsync(cancellationToken);
                }

                await EndAsync(peer, stream, cancellationToken, "0");
            },
            cancellationToken),
        Is.EqualTo(StatusCode.OK));

    [Test]
    public async Task A_sender_that_never_finishes_is_ended_by_the_deadline(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), deadline: Now().AddMilliseconds(300), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        await peer.RespondAsync(stream, cancellationToken);
        await peer.DataAsync(stream, Message.AsMemory(0, 10), false, cancellationToken);

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That((await peer.ReadAsync(frame => frame.Type == FrameType.Reset, cancellationToken)).Number, Is.EqualTo(0x8));
    }

    [Test]
    public async Task A_deadline_in_the_last_year_there_is_can_be_sent(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), deadline: DateTime.MaxValue.AddTicks(-1).ToUniversalTime(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var request = await peer.ReadAsync(frame => frame.Type == FrameType.Headers, cancellationToken);
        await peer.RespondAsync(request.Stream, cancellationToken);
        await peer.DataAsync(request.Stream, Message, false, cancellationToken);
        await EndAsync(peer, request.Stream, cancellationToken, "0");

        Assert.That(request.Headers["grpc-timeout"], Does.Match("^[0-9]{8}H$"));
        Assert.That(await call, Is.Not.Null);
    }

    [TestCase(0x0, StatusCode.Internal)]
    [TestCase(0x1, StatusCode.Internal)]
    [TestCase(0x2, StatusCode.Internal)]
    [TestCase(0x3, StatusCode.Internal)]
    [TestCase(0x4, StatusCode.Internal)]
    [TestCase(0x5, StatusCode.Unknown)]
    [TestCase(0x6, StatusCode.Internal)]
    [TestCase(0x8, StatusCode.Cancelled)]
    [TestCase(0x9, StatusCode.Internal)]
    [TestCase(0xa, StatusCode.Internal)]
    [TestCase(0xb, StatusCode.ResourceExhausted)]
    [TestCase(0xc, StatusCode.PermissionDenied)]
    [TestCase(0xd, StatusCode.Internal)]
    [TestCase(0xff, StatusCode.Unknown)]
    public async Task A_reset_is_mapped_before_and_after_the_headers(int error, StatusCode code, CancellationToken cancellationToken)
    {
        var before = await StatusAsync((peer, stream) => peer.ResetAsync(stream, error, cancellationToken), cancellationToken);
        var after = await StatusAsync(
            async (peer, stream) =>
            {
                await peer.RespondAsync(stream, cancellationToken);
                await peer.DataAsync(stream, Message, false, cancellationToken);
                await peer.ResetAsync(stream, error, cancellationToken);
            },
            cancellationToken);

        Assert.That((before, after), Is.EqualTo((code, code)));
    }

    [Test]
    public async Task A_refused_stream_is_tried_again_and_then_unavailable(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var attempts = 0;
        var refusing = Expect.ExceptionAsync(async () =>
        {
            // The transport repeats a few times what was never processed.
            while (true)
            {
                await peer.ResetAsync(await peer.TakeRequestAsync(cancellationToken), 0x7, cancellationToken);
                attempts++;
            }
        });

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.Unavailable));
        peer.Drop();
        await refusing;
        Assert.That(attempts, Is.InRange(1, 10));
    }

    [TestCase("abc")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase("17")]
    [TestCase("0x0")]
    [TestCase("0.0")]
    [TestCase("")]
    [TestCase("99999999999999999999")]
    [TestCase("0", "0")]
    [TestCase("0", "13")]
    [TestCase("13", "0")]
    public async Task A_status_that_is_no_single_known_number_is_unknown(string status, string? second = null)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string[] statuses = second is null ? [status] : [status, second];
        Assert.That(
            await StatusAsync(
                async (peer, stream) =>
                {
                    await peer.RespondAsync(stream, timeout.Token);
                    await peer.DataAsync(stream, Message, false, timeout.Token);
                    await EndAsync(peer, stream, timeout.Token, statuses);
                },
                timeout.Token),
            Is.EqualTo(StatusCode.Unknown));
    }

    [Test]
    public async Task Trailers_alone_are_a_status_with_and_without_content_type([Values] bool hasContentType, CancellationToken cancellationToken) => Assert.That(
        await StatusAsync(
            (peer, stream) => peer.HeadersAsync(
                stream,
                endsStream: true,
                [(":status", "200"), .. hasContentType ? new[] { ("content-type", "application/grpc") } : [], ("grpc-status", "9"), ("grpc-message", "not%20yet")],
                cancellationToken),
            cancellationToken),
        Is.EqualTo(StatusCode.FailedPrecondition));

    [TestCase(301, StatusCode.Unknown)]
    [TestCase(400, StatusCode.Internal)]
    [TestCase(401, StatusCode.Unauthenticated)]
    [TestCase(403, StatusCode.PermissionDenied)]
    [TestCase(404, StatusCode.Unimplemented)]
    [TestCase(429, StatusCode.Unavailable)]
    [TestCase(500, StatusCode.Unknown)]
    [TestCase(502, StatusCode.Unavailable)]
    [TestCase(503, StatusCode.Unavailable)]
    [TestCase(504, StatusCode.Unavailable)]
    public async Task An_HTTP_status_without_gRPC_status_is_mapped(int httpStatus, StatusCode code, CancellationToken cancellationToken) => Assert.That(
        await StatusAsync((peer, stream) => peer.HeadersAsync(stream, true, [(":status", $"{httpStatus}")], cancellationToken), cancellationToken), Is.EqualTo(code));

    [Test]
    public async Task An_interim_answer_is_passed_over([Values("100", "103")] string interim, CancellationToken cancellationToken) => Assert.That(
        await StatusAsync(
            async (peer, stream) =>
            {
                await peer.HeadersAsync(stream, false, [(":status", interim)], cancellationToken);
                await peer.RespondAsync(stream, cancellationToken);
                await peer.DataAsync(stream, Message, false, cancellationToken);
                await EndAsync(peer, stream, cancellationToken, "0");
            },
            cancellationToken),
        Is.EqualTo(StatusCode.OK));

    [Test]
    public async Task A_connection_lost_between_headers_and_trailers_is_unavailable([Values(0, 10, 30)] int received, CancellationToken cancellationToken) => Assert.That(
        await StatusAsync(
            async (peer, stream) =>
            {
                await peer.RespondAsync(stream, cancellationToken);
                await peer.DataAsync(stream, Message.AsMemory(0, Math.Min(received, Message.Length)), false, cancellationToken);
                await peer.RoundTripAsync(cancellationToken);
                peer.Drop();
            },
            cancellationToken),
        Is.EqualTo(StatusCode.Unavailable));

    [Test]
    public async Task A_stream_that_ends_without_trailers_is_never_OK([Values] bool isWhole, CancellationToken cancellationToken) => Assert.That(
        await StatusAsync(
            async (peer, stream) =>
            {
                await peer.RespondAsync(stream, cancellationToken);
                await peer.DataAsync(stream, isWhole ? Message : Message.AsMemory(0, 10), true, cancellationToken);
            },
            cancellationToken),
        Is.EqualTo(isWhole ? StatusCode.Unknown : StatusCode.Internal));

    [TestCase("0", false)]
    [TestCase("10", false)]
    [TestCase("10", true)]
    public async Task Bad_base64_in_the_trailers_is_left_out_and_the_status_stays(string status, bool isAlone, CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        (string, string)[] trailers = [("grpc-status", status), ("x-bin", "?"), ("y-bin", "AA")];
        if (isAlone)
        {
            await peer.RespondAsync(stream, cancellationToken, trailers);
        }
        else
        {
            await peer.RespondAsync(stream, cancellationToken);
            await peer.DataAsync(stream, Message, false, cancellationToken);
            await peer.HeadersAsync(stream, true, trailers, cancellationToken);
        }

        var exception = await Expect.ExceptionAsync(async () => await call);

        Assert.That($"{(int)call.GetStatus().StatusCode}", Is.EqualTo(status), $"{exception}");
        Assert.That(call.GetTrailers().Select(entry => entry.Key), Is.EqualTo(["y-bin"]));
    }

    [Test]
    public async Task Bad_base64_in_the_headers_is_internal_for_those_who_look(CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        var early = call.ResponseHeadersAsync;
        await using var peer = await server.AcceptAsync(cancellationToken);
        var stream = await peer.TakeRequestAsync(cancellationToken);
        await peer.RespondAsync(stream, cancellationToken, ("x-bin", "?"));
        await peer.DataAsync(stream, Message, false, cancellationToken);
        await EndAsync(peer, stream, cancellationToken, "0");

        Assert.That(await Expect.StatusAsync(() => early), Is.EqualTo(StatusCode.Internal));
        Assert.That(await Expect.StatusAsync(() => call.ResponseHeadersAsync), Is.EqualTo(StatusCode.Internal));
        Assert.That(await call, Is.Not.Null);
    }

    /// <summary>Our transport takes 64 KiB and breaks the connection beyond that.</summary>
    [Test]
    public async Task A_hundred_thousand_bytes_of_headers_are_unavailable([Values(1, 100)] int fields, [Values] bool isInTrailers, CancellationToken cancellationToken)
    {
        var large = Enumerable.Range(0, fields).Select(i => ($"x{i}", new string('a', 100_000 / fields))).ToArray();
        Assert.That(
            await StatusAsync(
                (peer, stream) => Expect.ExceptionAsync(async () =>
                {
                    await peer.RespondAsync(stream, cancellationToken, isInTrailers ? [] : large);
                    await peer.DataAsync(stream, Message, false, cancellationToken);
                    await peer.HeadersAsync(stream, true, [("grpc-status", "0"), .. isInTrailers ? large : []], cancellationToken);
                }),
                cancellationToken),
            Is.EqualTo(StatusCode.Unavailable));
    }

    private static async Task<StatusCode> StatusAsync(Func<RawPeer, int, Task> answer, CancellationToken cancellationToken)
    {
        using var server = new RawServer();
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await using var peer = await server.AcceptAsync(cancellationToken);
        await answer(peer, await peer.TakeRequestAsync(cancellationToken));
        return await Expect.ExceptionAsync(async () => await call) switch
        {
            null => call.GetStatus().StatusCode,
            RpcException exception => exception.StatusCode,
            var other => throw new AssertionException($"{other}"),
        };
    }

    private static Task EndAsync(RawPeer peer, int stream, CancellationToken cancellationToken, params string[] statuses) =>
        peer.HeadersAsync(stream, true, [.. statuses.Select(status => ("grpc-status", status))], cancellationToken);

    private static DateTime Now() => TimeProvider.System.GetUtcNow().UtcDateTime;
}
