using CustomerInsights.TestKit;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Gzip = CustomerInsights.Rpc.Wire.Gzip;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>What the client makes of answers that no good server gives.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class StrangeAnswerTests
{
    private static readonly byte[] Message = RawCall.Frame(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[100]) } });

    [TestCase(400, StatusCode.Internal)]
    [TestCase(404, StatusCode.Unimplemented)]
    [TestCase(503, StatusCode.Unavailable)]
    [TestCase(500, StatusCode.Unknown)]
    public async Task An_HTTP_status_without_gRPC_status_is_mapped(int httpStatus, StatusCode code, CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(http =>
        {
            http.Response.StatusCode = httpStatus;
            return Task.CompletedTask;
        });

        Assert.That(await UnaryAsync(server, cancellationToken), Is.EqualTo(code));
    }

    [Test]
    public async Task A_gRPC_status_counts_more_than_the_HTTP_status(CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(http =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers["grpc-status"] = "8";
            return Task.CompletedTask;
        });

        Assert.That(await UnaryAsync(server, cancellationToken), Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task Answers_that_break_the_rules_have_a_status([ValueSource(nameof(BrokenAnswers))] BrokenAnswer answer, CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(answer.Answer);

        Assert.That(await UnaryAsync(server, cancellationToken), Is.EqualTo(answer.Status));
    }

    [Test]
    public async Task A_compressed_answer_is_read(CancellationToken cancellationToken)
    {
        var compressed = RawCall.Frame(Gzip.Compress(Message.AsSpan(5)).ToArray(), flag: 1);
        await using var server = await StrangeServer.StartAsync(StrangeServer.Answering(compressed, 0, encoding: "gzip"));

        Assert.That((await server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)).Payload.Body, Has.Length.EqualTo(100));
    }

    [TestCase(0x0, StatusCode.Internal)]
    [TestCase(0x2, StatusCode.Internal)]
    [TestCase(0x8, StatusCode.Cancelled)]
    [TestCase(0xb, StatusCode.ResourceExhausted)]
    [TestCase(0xc, StatusCode.PermissionDenied)]
    public async Task A_reset_is_mapped(int error, StatusCode code, CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(http =>
        {
            http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(error);
            return Task.CompletedTask;
        });

        Assert.That(await UnaryAsync(server, cancellationToken), Is.EqualTo(code));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_end_of_an_upload_by_its_server_is_told_as_it_is(bool isReset, CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(async http =>
        {
            await http.Request.Body.ReadExactlyAsync(new byte[Message.Length], cancellationToken);
            if (isReset)
            {
                http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(0xb);
                return;
            }

            http.Response.ContentType = "application/grpc";
            http.Response.Headers["grpc-status"] = "8";
            await http.Response.CompleteAsync();
        });

        // Many at a time, because the end of the upload and that of the response race.
        var uploads = Enumerable.Range(0, 20).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    using var upload = server.Client.StreamingInputCall(cancellationToken: cancellationToken);
                    var request = new StreamingInputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[40_000]) } };
                    while (await Expect.ExceptionAsync(() => upload.RequestStream.WriteAsync(request, cancellationToken)) is null)
                    {
                        await Task.Yield();
                    }

                    var failure = await Expect.FailureAsync(async () => await upload);

                    // Kestrel may end the whole connection, because much comes for streams that it has ended.
                    Assert.That(failure.StatusCode, Is.Not.EqualTo(StatusCode.Internal), failure.ToString());
                }
            },
            cancellationToken));
        await Task.WhenAll(uploads);
    }

    [Test]
    public async Task Messages_before_a_reset_are_delivered(CancellationToken cancellationToken)
    {
        var delivered = new TaskCompletionSource();
        await using var server = await StrangeServer.StartAsync(async http =>
        {
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(Message, cancellationToken);
            await delivered.Task;
            http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(0x8);
        });
        using var call = server.Client.StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);

        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        delivered.SetResult();
        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public async Task Nobody_listening_is_unavailable(CancellationToken cancellationToken)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{ReservedPort.Take()}");
        var client = new TestService.TestServiceClient(channel);
        using var duplex = client.FullDuplexCall(cancellationToken: cancellationToken);
        using var upload = client.StreamingInputCall(cancellationToken: cancellationToken);

        Assert.That(await Expect.StatusAsync(async () => await client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Expect.StatusAsync(() => duplex.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Expect.StatusAsync(async () => await upload), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Expect.StatusAsync(() => upload.ResponseHeadersAsync), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Expect.StatusAsync(() => upload.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken)), Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task A_server_without_HTTP2_fails_the_call(CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(_ => Task.CompletedTask, protocols: HttpProtocols.Http1);

        Assert.That(await UnaryAsync(server, cancellationToken), Is.AnyOf(StatusCode.Internal, StatusCode.Unavailable));
    }

    private static IEnumerable<BrokenAnswer> BrokenAnswers() =>
    [
        new("no status", StatusCode.Unknown, StrangeServer.Answering(Message, null)),
        new("status that isn't a number", StatusCode.Unknown, StrangeServer.Answering(Message, 99)),
        new("content type of a web page", StatusCode.Unknown, StrangeServer.Answering(Message, 0, "text/html")),
        new("no message", StatusCode.Unimplemented, StrangeServer.Answering([], 0)),
        new("two messages", StatusCode.Unimplemented, StrangeServer.Answering([.. Message, .. Message], 0)),
        new("cut inside a message", StatusCode.Internal, StrangeServer.Answering(Message[..^1], 0)),
        new("cut inside a prefix", StatusCode.Internal, StrangeServer.Answering(Message[..3], 0)),
        new("too large", StatusCode.ResourceExhausted, StrangeServer.Answering(RawCall.Frame([], announced: 5_000_000), 0)),
        new("does not parse", StatusCode.Internal, StrangeServer.Answering(RawCall.Frame([0xff]), 0)),
        new("compressed without encoding", StatusCode.Internal, StrangeServer.Answering(RawCall.Frame([1], flag: 1), 0)),
        new("not really compressed", StatusCode.Internal, StrangeServer.Answering(RawCall.Frame([1], flag: 1), 0, encoding: "gzip")),
        new("unknown encoding", StatusCode.Internal, StrangeServer.Answering(Message, 0, encoding: "br")),
        new("bad base64 in the trailers", StatusCode.Aborted, async http =>
        {
            await StrangeServer.Answering(Message, 10)(http);
            http.Response.AppendTrailer("x-bin", "?");
        }),
        new("error after the message", StatusCode.Aborted, StrangeServer.Answering(Message, 10)),
    ];

    private static async Task<StatusCode> UnaryAsync(StrangeServer server, CancellationToken cancellationToken) =>
        await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

    internal sealed record BrokenAnswer(string Name, StatusCode Status, RequestDelegate Answer)
    {
        public override string ToString() => Name;
    }
}
