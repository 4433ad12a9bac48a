using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Serving;

/// <summary>What the server makes of requests that no good client sends, and of those cut in odd ways.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class RawRequestTests
{
    private const string Up = "/grpc.testing.TestService/StreamingInputCall";
    private const int Limit = 1000;

    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TestServer.StartAsync<ScriptedService>(
        options => options.MaxReceiveMessageSize = Limit,
        services => services.AddSingleton(new Script
        {
            Unary = async (request, context) =>
            {
                if (request.ResponseSize == 1)
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
                }

                return new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFromUtf8($"{context.RequestHeaders.Get("x-bin")?.ValueBytes.Length}") } };
            },
            Up = async (requests, context) =>
            {
                var count = await requests.ReadAllAsync(context.CancellationToken).CountAsync(context.CancellationToken);
                return new StreamingInputCallResponse { AggregatedPayloadSize = count };
            },
        }));

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCase("application/grpc", StatusCode.OK)]
    [TestCase("application/grpc+proto", StatusCode.OK)]
    [TestCase("application/grpc;charset=utf-8", StatusCode.OK)]
    [TestCase("Application/GRPC", StatusCode.OK)]
    public async Task A_gRPC_content_type_is_served(string contentType, StatusCode status, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { ContentType = contentType };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()));

        Assert.That(response.Status, Is.EqualTo(status));
    }

    [TestCase("application/grpc-web")]
    [TestCase("application/grpcx")]
    [TestCase("application/json")]
    public async Task Another_content_type_is_415(string contentType, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { ContentType = contentType };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()));

        Assert.That((response.HttpStatus, response.Status), Is.EqualTo((415, StatusCode.Internal)));
    }

    [TestCase("/grpc.testing.TestService/Nothing", "Method is unimplemented.")]
    [TestCase("/grpc.testing.testservice/UnaryCall", "Service is unimplemented.")]
    [TestCase("/no.Such/Method", "Service is unimplemented.")]
    public async Task An_unknown_path_is_unimplemented(string path, string message, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Path = path };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()));

        Assert.That((response.HttpStatus, response.Status, response.Message, response.IsTrailersOnly), Is.EqualTo((200, StatusCode.Unimplemented, message, true)));
    }

    [Test]
    public async Task A_prefix_may_be_split_over_frames(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address);
        var frame = RawCall.Frame(new SimpleRequest { ResponseSize = 7 });

        var response = await call.SendAsync(cancellationToken, [.. frame.Select(b => new[] { b })]);

        Assert.That(response.Status, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task Several_messages_may_share_a_frame(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Path = Up };
        var frame = RawCall.Frame(new StreamingInputCallRequest());

        var response = await call.SendAsync(cancellationToken, [.. frame, .. frame, .. frame[..2]], [.. frame[2..], .. frame]);

        Assert.That(response.Status, Is.EqualTo(StatusCode.OK));
        Assert.That(StreamingInputCallResponse.Parser.ParseFrom(response.Body[5..]).AggregatedPayloadSize, Is.EqualTo(4));
    }

    [Test]
    public async Task A_whole_message_whose_stream_stays_open_is_ended_by_the_deadline(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Headers = { ["grpc-timeout"] = "300m" } };

        var response = await call.SendAndHoldAsync(cancellationToken, RawCall.Frame(new SimpleRequest()));

        Assert.That(response.Status, Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    [TestCase("/grpc.testing.TestService/UnaryCall")]
    [TestCase(Up)]
    public async Task A_message_over_the_limit_is_refused_before_it_comes(string path, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Path = path };

        var response = await call.SendAndHoldAsync(cancellationToken, RawCall.Frame([], announced: Limit + 1));

        Assert.That(response.Status, Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [TestCase("/grpc.testing.TestService/UnaryCall")]
    [TestCase(Up)]
    public async Task A_stream_cut_inside_a_message_is_internal(string path, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Path = path };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new byte[10], announced: 20));

        Assert.That(response.Status, Is.EqualTo(StatusCode.Internal));
    }

    [Test]
    public async Task A_unary_call_with_none_or_two_messages_is_unimplemented(CancellationToken cancellationToken)
    {
        using var none = new RawCall(_server.Address);
        using var two = new RawCall(_server.Address);
        var frame = RawCall.Frame(new SimpleRequest());

        Assert.That((await none.SendAsync(cancellationToken)).Status, Is.EqualTo(StatusCode.Unimplemented));
        Assert.That((await two.SendAsync(cancellationToken, frame, frame)).Status, Is.EqualTo(StatusCode.Unimplemented));
    }

    [Test]
    public async Task A_message_that_does_not_parse_is_internal(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address);

        Assert.That((await call.SendAsync(cancellationToken, RawCall.Frame([0xff, 0xff]))).Status, Is.EqualTo(StatusCode.Internal));
    }

    [Test]
    public async Task An_unknown_encoding_is_unimplemented_and_the_known_ones_are_named(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Headers = { ["grpc-encoding"] = "snappy" } };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame([1], flag: 1));

        Assert.That((response.Status, response.Headers["grpc-accept-encoding"]), Is.EqualTo((StatusCode.Unimplemented, "identity,gzip")));
    }

    [TestCase(null)]
    [TestCase("identity")]
    public async Task A_compressed_message_without_encoding_is_internal(string? encoding, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address);
        if (encoding is not null)
        {
            call.Headers["grpc-encoding"] = encoding;
        }

        Assert.That((await call.SendAsync(cancellationToken, RawCall.Frame([1], flag: 1))).Status, Is.EqualTo(StatusCode.Internal));
    }

    [TestCase("1n", 1, StatusCode.DeadlineExceeded)]
    [TestCase("20m", 1, StatusCode.DeadlineExceeded)]
    [TestCase("99999999H", 0, StatusCode.OK)]
    [TestCase("1s", 0, StatusCode.Internal)]
    [TestCase("123456789S", 0, StatusCode.Internal)]
    public async Task A_timeout_is_kept_or_refused(string timeout, int wait, StatusCode status, CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Headers = { ["grpc-timeout"] = timeout } };

        Assert.That((await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest { ResponseSize = wait }))).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task A_deadline_also_ends_the_wait_for_the_rest_of_a_request(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Headers = { ["grpc-timeout"] = "50m" } };

        Assert.That((await call.SendAndHoldAsync(cancellationToken, RawCall.Frame([], announced: 10))).Status, Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    [Test]
    public async Task Bad_base64_is_internal_for_a_method_that_looks(CancellationToken cancellationToken)
    {
        using var call = new RawCall(_server.Address) { Headers = { ["x-bin"] = "?" } };

        Assert.That((await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()))).Status, Is.EqualTo(StatusCode.Internal));
    }

    [Test]
    public async Task A_hundred_thousand_bytes_of_headers_are_refused_and_the_server_lives_on(CancellationToken cancellationToken)
    {
        using var large = new RawCall(_server.Address) { Headers = { ["x"] = new string('a', 100_000) } };
        using var call = new RawCall(_server.Address);

        Assert.That(async () => (await large.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()))).Status ?? throw new HttpRequestException(), Throws.InstanceOf<HttpRequestException>());
        Assert.That((await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()))).Status, Is.EqualTo(StatusCode.OK));
    }
}
