using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>What a client can do with its calls, against a server that plays along.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class ClientCallTests
{
    [Test]
    public async Task Two_hundred_calls_run_at_the_same_time(CancellationToken cancellationToken)
    {
        var started = 0;
        var all = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Unary = async (_, _) =>
            {
                if (Interlocked.Increment(ref started) == 200)
                {
                    all.SetResult();
                }

                await all.Task;
                return new SimpleResponse();
            },
        });
        var client = Client(server);

        var calls = Enumerable.Range(0, 200).Select(_ => client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken).ResponseAsync);

        Assert.That(await Task.WhenAll(calls), Has.Length.EqualTo(200));
    }

    [Test]
    public async Task Calls_share_a_connection(CancellationToken cancellationToken)
    {
        var connections = new HashSet<string>();
        await using var server = await ServeAsync(new Script
        {
            Unary = (_, context) =>
            {
                connections.Add(context.GetHttpContext().Connection.Id);
                return Task.FromResult(new SimpleResponse());
            },
        });
        for (var i = 0; i < 10; i++)
        {
            await Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        }

        Assert.That(connections, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Running_calls_survive_a_graceful_stop_and_new_ones_fail(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Unary = async (_, _) =>
            {
                started.SetResult();
                await release.Task;
                return new SimpleResponse();
            },
        });
        using var call = Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await started.Task;

        var stop = server.StopAsync(cancellationToken);
        var late = await Expect.StatusAsync(async () =>
        {
            // Until the GOAWAY has arrived the connection takes calls; those hang in the same method.
            await Task.Delay(300, cancellationToken);
            await Client(server).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        });
        release.SetResult();

        Assert.That(late, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await call, Is.Not.Null);
        await stop;
    }

    [Test]
    public async Task A_server_that_does_not_read_holds_the_writer_back(CancellationToken cancellationToken)
    {
        var release = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Up = async (requests, context) =>
            {
                await release.Task;
                return new StreamingInputCallResponse { AggregatedPayloadSize = await requests.ReadAllAsync(context.CancellationToken).CountAsync() };
            },
        });
        using var call = Client(server).StreamingInputCall(cancellationToken: cancellationToken);
        var request = new StreamingInputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[1000]) } };
        var written = 0;
        Task write;
        do
        {
            write = call.RequestStream.WriteAsync(request, cancellationToken);
            written++;
        }
        while (await Task.WhenAny(write, Task.Delay(500, cancellationToken)) == write);

        release.SetResult();
        await write;
        await call.RequestStream.CompleteAsync();

        Assert.That(written, Is.InRange(100, 3000));
        Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(written));
    }

    [Test]
    public async Task A_deadline_is_sent_and_kept_even_if_the_server_is_silent(CancellationToken cancellationToken)
    {
        string? timeout = null;
        await using var server = await StrangeServer.StartAsync(async http =>
        {
            if (http.Request.Headers.TryGetValue("grpc-timeout", out var value))
            {
                timeout = value;
                await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
        await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        var failure = await Expect.FailureAsync(async () =>
            await server.Client.UnaryCallAsync(new SimpleRequest(), deadline: Now().AddSeconds(2), cancellationToken: cancellationToken));

        Assert.That(failure.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(timeout, Does.Match("^[12]?[0-9]{6}u$"));
    }

    [Test]
    public async Task A_deadline_in_the_past_sends_nothing(CancellationToken cancellationToken)
    {
        var calls = 0;
        await using var server = await StrangeServer.StartAsync(_ =>
        {
            calls++;
            return Task.CompletedTask;
        });

        Assert.That(
            await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest(), deadline: Now().AddSeconds(-1), cancellationToken: cancellationToken)),
            Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Deadline_and_cancellation_of_a_server_call_are_passed_on(CancellationToken cancellationToken)
    {
        await using var inner = await ServeAsync(new Script
        {
            Unary = async (_, context) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
                return new SimpleResponse();
            },
        });
        var innerStatus = new TaskCompletionSource<StatusCode>();
        await using var outer = await ServeAsync(new Script
        {
            Unary = async (request, context) =>
            {
                innerStatus.SetResult(await Expect.StatusAsync(async () =>
                    await Client(inner).UnaryCallAsync(request, new CallOptions(propagationToken: context.CreatePropagationToken()))));
                return new SimpleResponse();
            },
        });

        var status = await Expect.StatusAsync(async () => await Client(outer).UnaryCallAsync(new SimpleRequest(), deadline: Now().AddMilliseconds(200), cancellationToken: cancellationToken));

        Assert.That(status, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(await innerStatus.Task.WaitAsync(cancellationToken), Is.AnyOf(StatusCode.DeadlineExceeded, StatusCode.Cancelled));
    }

    [Test]
    public async Task Disposing_the_channel_ends_its_calls(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script { Down = (_, _, context) => Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken) });
        var channel = GrpcChannel.ForAddress(server.Address);
        using var call = new TestService.TestServiceClient(channel).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);
        var wait = call.ResponseStream.MoveNext(cancellationToken);

        channel.Dispose();

        Assert.That(await Expect.StatusAsync(() => wait), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(() => channel.CreateCallInvoker(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_stream_that_is_left_early_is_forgotten_by_its_channel(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                await responses.WriteAsync(new StreamingOutputCallResponse());
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            },
        });
        var left = await LeaveEarlyAsync(Client(server), cancellationToken);

        await Expect.TrueAsync(() =>
        {
            GC.Collect();
            return !left.TryGetTarget(out _);
        });
    }

    [Test]
    public async Task Cancellation_can_be_thrown_as_such(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<ScriptedService>(
            services: services => services.AddSingleton(new Script { Down = (_, _, context) => Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken) }),
            channel: new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancel.Token);
        var wait = call.ResponseStream.MoveNext(cancellationToken);
        await cancel.CancelAsync();

        Assert.That(async () => await wait, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Status_and_trailers_are_not_known_before_the_end(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script { Down = (_, _, context) => Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken) });
        using var call = Client(server).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken);

        Assert.That(call.GetStatus, Throws.InvalidOperationException);
        Assert.That(call.GetTrailers, Throws.InvalidOperationException);
        Assert.That(() => call.ResponseStream.Current, Throws.InvalidOperationException);
    }

    [Test]
    public async Task A_request_can_be_compressed(CancellationToken cancellationToken)
    {
        (string? Encoding, int Size) seen = default;
        await using var server = await ServeAsync(new Script
        {
            Up = async (requests, context) =>
            {
                var sizes = await requests.ReadAllAsync(context.CancellationToken).Select(request => request.Payload.Body.Length).ToListAsync();
                seen = (context.GetHttpContext().Request.Headers["grpc-encoding"], sizes.Sum());
                return new StreamingInputCallResponse();
            },
        });
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        using var call = Client(server).StreamingInputCall(headers, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[50_000]) } }, cancellationToken);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.NoCompress | WriteFlags.BufferHint);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[50_000]) } }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        await call;

        Assert.That(seen, Is.EqualTo(("gzip", 100_000)));
    }

    [Test]
    public async Task A_message_over_the_send_limit_is_not_sent(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>(channel: new GrpcChannelOptions { MaxSendMessageSize = 10 });
        var request = new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[100]) } };

        Assert.That(
            await Expect.StatusAsync(async () => await Client(server).UnaryCallAsync(request, cancellationToken: cancellationToken)), Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test]
    public async Task Call_credentials_add_metadata_and_need_TLS_or_consent(CancellationToken cancellationToken)
    {
        string? authorization = null;
        await using var server = await ServeAsync(new Script
        {
            Unary = (_, context) =>
            {
                authorization = context.RequestHeaders.GetValue("authorization");
                return Task.FromResult(new SimpleResponse());
            },
        });
        using var consenting = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = true });
        var options = new CallOptions(cancellationToken: cancellationToken, credentials: CallCredentials.FromInterceptor((context, metadata) =>
        {
            metadata.Add("authorization", $"Bearer {context.MethodName}");
            return Task.CompletedTask;
        }));

        Assert.That(await Expect.StatusAsync(async () => await Client(server).UnaryCallAsync(new SimpleRequest(), options)), Is.EqualTo(StatusCode.Unauthenticated));
        await new TestService.TestServiceClient(consenting).UnaryCallAsync(new SimpleRequest(), options);
        Assert.That(authorization, Is.EqualTo("Bearer UnaryCall"));
    }

    [Test]
    public async Task Interceptors_and_host_reach_the_server(CancellationToken cancellationToken)
    {
        (string? AppId, string Host) seen = default;
        await using var server = await ServeAsync(new Script
        {
            Unary = (_, context) =>
            {
                seen = (context.RequestHeaders.GetValue("dapr-app-id"), context.Host);
                return Task.FromResult(new SimpleResponse());
            },
        });
        var invoker = server.Channel.Intercept(metadata =>
        {
            metadata.Add("dapr-app-id", "segments");
            return metadata;
        });
        await new TestService.TestServiceClient(invoker).WithHost("segments.example.com").UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);

        Assert.That(seen, Is.EqualTo(("segments", "segments.example.com")));
    }

    [TestCase("localhost:80")]
    [TestCase("ftp://localhost")]
    [TestCase("/relative")]
    public void An_address_must_be_HTTP(string address) => Assert.That(() => GrpcChannel.ForAddress(new Uri(address, UriKind.RelativeOrAbsolute)), Throws.ArgumentException);

    private static async Task<WeakReference<object>> LeaveEarlyAsync(TestService.TestServiceClient client, CancellationToken cancellationToken)
    {
        var headers = new Metadata { { "held", "by the call" } };
        using var call = client.StreamingOutputCall(new StreamingOutputCallRequest(), headers, Now().AddHours(1), cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        return new WeakReference<object>(headers);
    }

    private static Task<TestServer> ServeAsync(Script script) => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));

    private static TestService.TestServiceClient Client(TestServer server) => new(server.Channel);

    private static DateTime Now() => TimeProvider.System.GetUtcNow().UtcDateTime;
}
