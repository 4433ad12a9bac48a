using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Web;

/// <summary>gRPC-Web by the byte, in both formats and over both versions of HTTP.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class WebCallTests
{
    private const int Limit = 1000;

    private readonly TaskCompletionSource<bool> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cutOff = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await WebServer.StartAsync<ScriptedService>(CancellationToken.None, services =>
    {
        WebServer.Limit(Limit)(services);
        services.AddSingleton(new Script { Unary = AnswerAsync, Down = StreamAsync });
    });

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task A_message_is_followed_by_the_trailers_in_a_frame_of_the_body(
        [Values("application/grpc-web", RawWebCall.Binary, "application/grpc-web;charset=utf-8")] string contentType, [Values(1, 2)] int version, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(version == 1 ? _server.Http1 : _server.Http2, version: new Version(version, version == 1 ? 1 : 0)) { ContentType = contentType };
        call.Headers.Add("x-name", "one");

        var answer = await call.SendAsync(RawCall.Frame(new SimpleRequest { ResponseSize = 7 }), cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That((answer.HttpStatus, answer.ContentType), Is.EqualTo((200, "application/grpc-web+proto")));
            Assert.That(SimpleResponse.Parser.ParseFrom(answer.Messages.Single()).Payload.Body, Has.Length.EqualTo(7));
            Assert.That(answer.TrailerBlock, Is.EqualTo("x-name: one\r\nx-pair: a\r\nx-pair: b\r\nx-bin: qw\r\ngrpc-status: 0\r\n"));
        });
    }

    [Test]
    public async Task Text_is_base64_both_ways([Values(0, 1, 2, 3, 700)] int size, [Values(1, 2)] int version, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(version == 1 ? _server.Http1 : _server.Http2, version: new Version(version, version == 1 ? 1 : 0)) { ContentType = RawWebCall.Text };
        var frame = RawCall.Frame(new SimpleRequest { ResponseSize = size, Payload = new Payload { Body = ByteString.CopyFrom(new byte[size]) } });

        // Pieces of any length, each with its own padding.
        var answer = await call.SendAsync(RawWebCall.InBase64(frame[..1], frame[1..6], frame[6..]), cancellationToken);

        Assert.That((answer.HttpStatus, answer.ContentType, answer.Status), Is.EqualTo((200, RawWebCall.Text, StatusCode.OK)));
        Assert.That(SimpleResponse.Parser.ParseFrom(answer.Messages.Single()).Payload.Body, Has.Length.EqualTo(size));
    }

    [TestCase(RawWebCall.Binary, "application/grpc-web-text", RawWebCall.Text)]
    [TestCase(RawWebCall.Text, "application/grpc-web", RawWebCall.Binary)]
    [TestCase(RawWebCall.Text, "*/*", RawWebCall.Text)]
    public async Task The_accept_header_chooses_the_format_of_the_answer(string contentType, string accept, string expected, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1) { ContentType = contentType };
        call.Headers.TryAddWithoutValidation("accept", accept);
        var frame = RawCall.Frame(new SimpleRequest());

        var answer = await call.SendAsync(contentType == RawWebCall.Text ? RawWebCall.InBase64(frame) : frame, cancellationToken);

        Assert.That((answer.ContentType, answer.Status, answer.Messages.Count), Is.EqualTo((expected, StatusCode.OK, 1)));
    }

    [Test]
    public async Task An_error_without_a_message_is_in_the_headers([Values(RawWebCall.Binary, RawWebCall.Text)] string contentType, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1) { ContentType = contentType };
        var frame = RawCall.Frame(new SimpleRequest { ResponseStatus = new EchoStatus { Code = 5, Message = "tab\tand %" } });

        var answer = await call.SendAsync(contentType == RawWebCall.Text ? RawWebCall.InBase64(frame) : frame, cancellationToken);

        Assert.That((answer.HttpStatus, answer.IsTrailersOnly, answer.ContentType), Is.EqualTo((200, true, contentType)));
        Assert.That((answer.Status, answer["grpc-message"], answer["x-bin"]), Is.EqualTo(((StatusCode?)StatusCode.NotFound, "tab%09and %25", "qw")));
    }

    [Test]
    public async Task Messages_of_a_stream_leave_one_by_one([Values(RawWebCall.Binary, RawWebCall.Text)] string contentType, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1, RawWebCall.Down) { ContentType = contentType };
        var request = new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = 1 }, new ResponseParameters { Size = -1 } } };
        var frame = RawCall.Frame(request);

        using var response = await call.SendForHeadersAsync(contentType == RawWebCall.Text ? RawWebCall.InBase64(frame) : frame, cancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var first = RawCall.Frame(new StreamingOutputCallResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[1]) } });
        var expected = contentType == RawWebCall.Text ? RawWebCall.InBase64(first) : first;
        var received = new byte[expected.Length];
        await body.ReadExactlyAsync(received, cancellationToken);

        // The method waits without end now, and hears of it when the connection is closed.
        Assert.That(received, Is.EqualTo(expected));
        response.Dispose();
        call.Dispose();
        Assert.That(await _cancelled.Task.WaitAsync(cancellationToken), Is.True);
    }

    [Test]
    public async Task A_stream_ends_in_its_status_after_messages(CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1, RawWebCall.Down) { ContentType = RawWebCall.Text };
        var request = new StreamingOutputCallRequest
        {
            ResponseParameters = { new ResponseParameters { Size = 4000 }, new ResponseParameters { Size = 1 }, new ResponseParameters { Size = 8191 } },
            ResponseStatus = new EchoStatus { Code = 10, Message = "later" },
        };

        var answer = await call.SendAsync(RawWebCall.InBase64(RawCall.Frame(request)), cancellationToken);

        Assert.That(answer.Messages.Select(message => StreamingOutputCallResponse.Parser.ParseFrom(message).Payload.Body.Length), Is.EqualTo(new[] { 4000, 1, 8191 }));
        Assert.That((answer.Status, answer["grpc-message"]), Is.EqualTo((StatusCode.Aborted, "later")));
    }

    [TestCase("20m", 0, true)]
    [TestCase("2S", 1, false)]
    public async Task A_deadline_ends_the_call(string timeout, int messages, bool isTrailersOnly, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1, RawWebCall.Down);
        call.Headers.Add("grpc-timeout", timeout);
        var request = new StreamingOutputCallRequest { ResponseParameters = { Enumerable.Repeat(new ResponseParameters { Size = 1 }, messages) } };
        request.ResponseParameters.Add(new ResponseParameters { Size = -2 });

        var answer = await call.SendAsync(RawCall.Frame(request), cancellationToken);

        Assert.That((answer.Status, answer.Messages.Count, answer.IsTrailersOnly), Is.EqualTo((StatusCode.DeadlineExceeded, messages, isTrailersOnly)));
    }

    [TestCase("/grpc.testing.TestService/StreamingInputCall", "gRPC-Web has no client streaming: call this method by gRPC over HTTP/2.")]
    [TestCase("/grpc.testing.TestService/FullDuplexCall", "gRPC-Web has no client streaming: call this method by gRPC over HTTP/2.")]
    [TestCase("/grpc.testing.TestService/Nothing", "Method is unimplemented.")]
    [TestCase("/no.Such/Method", "Service is unimplemented.")]
    public async Task What_cannot_be_called_is_unimplemented(string path, string message, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1, path);

        var answer = await call.SendAsync(RawCall.Frame(new SimpleRequest()), cancellationToken);

        Assert.That((answer.HttpStatus, answer.Status, answer["grpc-message"]), Is.EqualTo((200, StatusCode.Unimplemented, message)));
    }

    [TestCase("****", StatusCode.Internal)]
    [TestCase("AAAAAAA", StatusCode.Internal)]
    [TestCase("A=AAAAAA", StatusCode.Internal)]
    [TestCase("AAAAAAA=AAAA", StatusCode.Unimplemented, Description = "an empty message and the beginning of another one")]
    [TestCase("", StatusCode.Unimplemented)]
    public async Task Text_that_is_not_base64_is_internal(string text, StatusCode status, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1) { ContentType = RawWebCall.Text };

        Assert.That((await call.SendAsync(Encoding.ASCII.GetBytes(text), cancellationToken)).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task A_message_over_the_limit_is_refused_before_it_comes([Values(RawWebCall.Binary, RawWebCall.Text)] string contentType, CancellationToken cancellationToken)
    {
        var prefix = RawCall.Frame([], announced: Limit + 1);
        var body = contentType == RawWebCall.Text ? Convert.ToBase64String(prefix) : Encoding.Latin1.GetString(prefix);

        // More is announced than is sent, and the connection stays open.
        var answer = await ExchangeAsync($"content-type: {contentType}\r\ncontent-length: 2000\r\n", body, "grpc-status: ", cancellationToken);

        Assert.That(answer, Does.Contain("grpc-status: 8\r\n").IgnoreCase);
    }

    [Test]
    public async Task Plain_gRPC_on_HTTP_1_is_told_to_upgrade(CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(_server.Http1) { ContentType = "application/grpc" };

        var answer = await call.SendAsync(RawCall.Frame(new SimpleRequest()), cancellationToken);

        Assert.That((answer.HttpStatus, answer.Status), Is.EqualTo((426, StatusCode.Internal)));
    }

    [Test]
    public async Task A_client_that_takes_nothing_is_cut_off_at_the_deadline(CancellationToken cancellationToken)
    {
        var request = RawCall.Frame(new StreamingOutputCallRequest { ResponseParameters = { Enumerable.Repeat(new ResponseParameters { Size = 1_000_000 }, 100) } });
        using var client = await ConnectAsync(RawWebCall.Down, $"content-type: {RawWebCall.Binary}\r\ncontent-length: {request.Length}\r\ngrpc-timeout: 2S\r\n", cancellationToken);
        await client.GetStream().WriteAsync(request, cancellationToken);
        await _cutOff.Task.WaitAsync(cancellationToken);

        Assert.That(await ReadToEndAsync(client.GetStream(), cancellationToken), Is.LessThan(100 * 1_000_000));
    }

    [Test]
    public async Task Methods_opt_in_and_out(CancellationToken cancellationToken)
    {
        static void Script(IServiceCollection services) => services.AddSingleton(new Script());
        await using var optedIn = await WebServer.StartAsync(routes => routes.MapGrpcService<ScriptedService>().EnableGrpcWeb(), cancellationToken, Script, enabled: false);
        await using var optedOut = await WebServer.StartAsync(routes => routes.MapGrpcService<ScriptedService>().EnableGrpcWeb().DisableGrpcWeb(), cancellationToken, Script);
        await using var silent = await WebServer.StartAsync(routes => routes.MapGrpcService<ScriptedService>(), cancellationToken, Script, enabled: false);

        Assert.That(await HttpStatusAsync(optedIn, cancellationToken), Is.EqualTo(200));
        Assert.That(await HttpStatusAsync(optedOut, cancellationToken), Is.EqualTo(415));
        Assert.That(await HttpStatusAsync(silent, cancellationToken), Is.EqualTo(415));
    }

    private static async Task<int> HttpStatusAsync(WebServer server, CancellationToken cancellationToken)
    {
        using var call = new RawWebCall(server.Http1);
        return (await call.SendAsync(RawCall.Frame(new SimpleRequest()), cancellationToken)).HttpStatus;
    }

    private static Task<SimpleResponse> AnswerAsync(SimpleRequest request, ServerCallContext context)
    {
        foreach (var entry in context.RequestHeaders.GetAll("x-name").Append(new("x-pair", "a")).Append(new("x-pair", "b")).Append(new("x-bin", [0xab])))
        {
            context.ResponseTrailers.Add(entry);
        }

        if (request.ResponseStatus is { } status)
        {
            throw new RpcException(new Status((StatusCode)status.Code, status.Message));
        }

        return Task.FromResult(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[request.ResponseSize]) } });
    }

    private async Task StreamAsync(StreamingOutputCallRequest request, IServerStreamWriter<StreamingOutputCallResponse> responses, ServerCallContext context)
    {
        foreach (var size in request.ResponseParameters.Select(parameters => parameters.Size))
        {
            if (size < 0)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _ = size == -1 && _cancelled.TrySetResult(context.CancellationToken.IsCancellationRequested);
                return;
            }

            var response = new StreamingOutputCallResponse { Payload = new Payload { Body = ByteString.CopyFrom(new byte[size]) } };
            await responses.WriteAsync(response, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (size > Limit && context.CancellationToken.IsCancellationRequested)
            {
                _cutOff.TrySetResult();
                return;
            }
        }

        if (request.ResponseStatus is { } status)
        {
            throw new RpcException(new Status((StatusCode)status.Code, status.Message));
        }
    }

    private async Task<string> ExchangeAsync(string headers, string body, string until, CancellationToken cancellationToken)
    {
        using var client = await ConnectAsync(RawWebCall.Unary, headers, cancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(body), cancellationToken);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().Contains(until, StringComparison.OrdinalIgnoreCase) || !answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            Assert.That(read, Is.Positive, $"the connection ended after: {answer}");
            answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    private async Task<TcpClient> ConnectAsync(string path, string headers, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Http1.Port, cancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n"), cancellationToken);
        return client;
    }

    private static async Task<long> ReadToEndAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var (buffer, sum) = (new byte[65536], 0L);
        while (await ReadAsync(stream, buffer, cancellationToken) is > 0 and var read)
        {
            sum += read;
        }

        return sum;
    }

    private static async Task<int> ReadAsync(NetworkStream stream, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            // Closed without waiting for what was sent.
            return 0;
        }
    }
}
