using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Serving;

/// <summary>What methods can do with their call, and how calls end.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class ServerCallTests
{
    [Test]
    public async Task Context_tells_about_the_call(CancellationToken cancellationToken)
    {
        (string Method, string Host, string Peer, DateTime Deadline, bool HasHttp) seen = default;
        await using var server = await ServeAsync(new Script
        {
            Unary = (_, context) =>
            {
                seen = (context.Method, context.Host, context.Peer, context.Deadline, context.GetHttpContext() is not null);
                return Task.FromResult(new SimpleResponse());
            },
        });
        var deadline = Now().AddSeconds(15);
        await Client(server).UnaryCallAsync(new SimpleRequest(), deadline: deadline, cancellationToken: cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(seen.Method, Is.EqualTo("/grpc.testing.TestService/UnaryCall"));
            Assert.That(seen.Host, Is.EqualTo(server.Address.Authority));
            Assert.That(seen.Peer, Does.Match(@"^ipv4:127\.0\.0\.1:\d+$"));
            Assert.That(seen.Deadline, Is.EqualTo(deadline).Within(TimeSpan.FromSeconds(5)));
            Assert.That(seen.HasHttp, Is.True);
        });
    }

    // The transport lets a client send 768 KiB ahead of what the server has looked at.
    [Test]
    public async Task A_request_larger_than_the_window_of_the_transport_is_read(CancellationToken cancellationToken)
    {
        const int Size = 3_000_000;
        var read = 0;
        await using var server = await ServeAsync(new Script
        {
            Unary = (request, _) =>
            {
                read = request.Payload.Body.Length;
                return Task.FromResult(new SimpleResponse());
            },
        });

        await Client(server).UnaryCallAsync(
            new SimpleRequest { Payload = new Payload { Body = Google.Protobuf.ByteString.CopyFrom(new byte[Size]) } }, cancellationToken: cancellationToken);

        Assert.That(read, Is.EqualTo(Size));
    }

    // It once counted as if the client had gone: told as CANCELLED, and to nobody else.
    [Test]
    public async Task A_broken_file_of_a_method_is_no_broken_connection()
    {
        await using var server = await ServeAsync(new Script { Unary = (_, _) => throw new IOException("disk full") });

        Assert.That(
            await Expect.StatusAsync(async () => await new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest())),
            Is.EqualTo(StatusCode.Unknown));
        Assert.That(server.Errors, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_unexpected_exception_is_unknown_and_says_nothing(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script { Unary = (_, _) => throw new FormatException("secret") });

        var failure = await Expect.FailureAsync(async () => await Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        Assert.That(failure.Status, Is.EqualTo(new Status(StatusCode.Unknown, "Exception was thrown by handler.")));
        Assert.That(server.Errors.Single(), Does.StartWith("/grpc.testing.TestService/UnaryCall failed."));
    }

    [Test]
    public async Task An_unexpected_exception_is_shown_when_detailed_errors_are_on(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<ScriptedService>(
            options => options.EnableDetailedErrors = true,
            services => services.AddSingleton(new Script { Unary = (_, _) => throw new FormatException("shown") }));

        var failure = await Expect.FailureAsync(async () => await Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        Assert.That(failure.Status.Detail, Is.EqualTo("Exception was thrown by handler. FormatException: shown"));
    }

    [Test]
    public async Task An_RpcException_gives_status_and_trailers_beside_those_of_the_method(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script
        {
            Unary = (_, context) =>
            {
                context.ResponseTrailers.Add("a", "1");
                throw new RpcException(new Status(StatusCode.Aborted, "50 %"), new Metadata { { "b-bin", [1, 2] } });
            },
        });

        var failure = await Expect.FailureAsync(async () => await Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        Assert.That(failure.Status, Is.EqualTo(new Status(StatusCode.Aborted, "50 %")));
        Assert.That(failure.Trailers.GetValue("a"), Is.EqualTo("1"));
        Assert.That(failure.Trailers.GetValueBytes("b-bin"), Is.EqualTo(new byte[] { 1, 2 }));
    }

    [Test]
    public async Task A_status_set_by_the_method_comes_after_its_messages(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                await responses.WriteAsync(new StreamingOutputCallResponse());
                context.Status = new Status(StatusCode.DataLoss, "incomplete");
            },
        });
        using var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);

        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.DataLoss));
    }

    [Test]
    public async Task A_method_that_ignores_its_deadline_does_not_keep_the_client(CancellationToken cancellationToken)
    {
        var release = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Unary = async (_, _) =>
            {
                await release.Task;
                return new SimpleResponse();
            },
        });
        using var call = new RawCall(server.Address) { Headers = { ["grpc-timeout"] = "50m" } };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new SimpleRequest()));
        release.SetResult();

        Assert.That((response.Status, response.IsTrailersOnly), Is.EqualTo((StatusCode.DeadlineExceeded, true)));
    }

    [Test]
    public async Task At_the_deadline_the_token_fires_and_writes_fail(CancellationToken cancellationToken)
    {
        var written = new TaskCompletionSource<Exception?>();
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                await responses.WriteAsync(new StreamingOutputCallResponse());
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                written.SetResult(await Expect.ExceptionAsync(() => responses.WriteAsync(new StreamingOutputCallResponse())));
            },
        });
        using var call = new RawCall(server.Address) { Path = "/grpc.testing.TestService/StreamingOutputCall", Headers = { ["grpc-timeout"] = "100m" } };

        var response = await call.SendAsync(cancellationToken, RawCall.Frame(new StreamingOutputCallRequest()));

        Assert.That((response.Status, response.IsTrailersOnly), Is.EqualTo((StatusCode.DeadlineExceeded, false)));
        Assert.That(await written.Task, Is.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_client_that_does_not_read_holds_the_writer_back_and_is_reset_at_the_deadline(CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<(int Written, Exception? Exception)>();
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, _) =>
            {
                var written = 0;
                var exception = await Expect.ExceptionAsync(async () =>
                {
                    for (; written < 100_000; written++)
                    {
                        await responses.WriteAsync(new StreamingOutputCallResponse { Payload = new Payload { Body = Google.Protobuf.ByteString.CopyFrom(new byte[1000]) } });
                    }
                });
                end.SetResult((written, exception));
            },
        });
        using var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), deadline: Now().AddMilliseconds(500), cancellationToken: cancellationToken);
        await call.ResponseStream.MoveNext(cancellationToken);

        var (written, exception) = await end.Task.WaitAsync(cancellationToken);

        Assert.That(written, Is.InRange(10, 20_000));
        Assert.That(exception, Is.InstanceOf<OperationCanceledException>());
        Assert.That(await Expect.StatusAsync(async () => await call.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken)), Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    [Test]
    public async Task A_client_that_cancels_fires_the_token(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, _, context) =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancelled.SetResult();
            },
        });
        var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        await started.Task.WaitAsync(cancellationToken);

        call.Dispose();

        await cancelled.Task.WaitAsync(cancellationToken);
        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public async Task When_the_client_is_gone_reads_and_writes_are_cancelled_and_the_token_has_fired([Values] bool isReading, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<(Exception? Exception, bool HasFired)>();
        await using var server = await ServeAsync(new Script
        {
            Both = async (requests, responses, context) =>
            {
                var exception = await Expect.ExceptionAsync(async () =>
                {
                    await responses.WriteAsync(new StreamingOutputCallResponse());
                    while (isReading && await requests.MoveNext(CancellationToken.None))
                    {
                    }

                    while (true)
                    {
                        await responses.WriteAsync(new StreamingOutputCallResponse { Payload = new Payload { Body = Google.Protobuf.ByteString.CopyFrom(new byte[1000]) } });
                    }
                });
                end.SetResult((exception, context.CancellationToken.IsCancellationRequested));
            },
        });
        var call = Client(server).FullDuplexCall(cancellationToken: cancellationToken);
        await call.ResponseStream.MoveNext(cancellationToken);

        call.Dispose();
        var (exception, hasFired) = await end.Task.WaitAsync(cancellationToken);

        Assert.That(exception, Is.InstanceOf<OperationCanceledException>());
        Assert.That(hasFired, Is.True);
    }

    [Test]
    public async Task An_answer_may_come_before_the_client_has_sent_everything(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script
        {
            Up = async (requests, context) =>
            {
                await requests.MoveNext(context.CancellationToken);
                return new StreamingInputCallResponse { AggregatedPayloadSize = 1 };
            },
        });
        using var call = Client(server).StreamingInputCall(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken);

        Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(1));
        Assert.That(await Expect.ExceptionAsync(() => call.RequestStream.WriteAsync(new StreamingInputCallRequest(), cancellationToken)), Is.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public async Task Headers_can_go_out_before_the_first_message_but_only_once(CancellationToken cancellationToken)
    {
        var release = new TaskCompletionSource();
        Exception? second = null;
        await using var server = await ServeAsync(new Script
        {
            Unary = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync(new Metadata { { "early", "yes" } });
                second = await Expect.ExceptionAsync(() => context.WriteResponseHeadersAsync([]));
                await release.Task;
                return new SimpleResponse();
            },
        });
        using var call = Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);

        Assert.That((await call.ResponseHeadersAsync).GetValue("early"), Is.EqualTo("yes"));
        release.SetResult();
        await call;
        Assert.That(second, Is.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public async Task A_second_write_while_one_is_pending_is_refused(CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource<Exception?>();
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                var message = new StreamingOutputCallResponse { Payload = new Payload { Body = Google.Protobuf.ByteString.CopyFrom(new byte[3_000_000]) } };
                var first = responses.WriteAsync(message);
                end.SetResult(await Expect.ExceptionAsync(() => responses.WriteAsync(message)));
                await first;
            },
        });
        using var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);

        Assert.That(await end.Task.WaitAsync(cancellationToken), Is.InstanceOf<InvalidOperationException>());
        Assert.That(await call.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken), Is.EqualTo(1));
    }

    [Test]
    public async Task A_compressed_answer_goes_only_to_clients_that_accept_it(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>(options => options.ResponseCompressionAlgorithm = "gzip");
        using var accepting = new RawCall(server.Address) { Headers = { ["grpc-accept-encoding"] = "identity, gzip" } };
        using var plain = new RawCall(server.Address);
        var request = RawCall.Frame(new SimpleRequest { ResponseSize = 100_000 });

        var compressed = await accepting.SendAsync(cancellationToken, request);
        var uncompressed = await plain.SendAsync(cancellationToken, request);

        Assert.That((compressed.Headers["grpc-encoding"], compressed.Body[0]), Is.EqualTo(("gzip", (byte)1)));
        Assert.That(compressed.Body, Has.Length.LessThan(2000));
        Assert.That((uncompressed.Headers.ContainsKey("grpc-encoding"), uncompressed.Body[0]), Is.EqualTo((false, (byte)0)));
        Assert.That(new TestService.TestServiceClient(server.Channel).UnaryCall(new SimpleRequest { ResponseSize = 100_000 }, cancellationToken: cancellationToken).Payload.Body, Has.Length.EqualTo(100_000));
    }

    private static Task<TestServer> ServeAsync(Script script) => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));

    private static TestService.TestServiceClient Client(TestServer server) => new(server.Channel);

    private static DateTime Now() => TimeProvider.System.GetUtcNow().UtcDateTime;
}
