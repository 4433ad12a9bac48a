using CustomerInsights.Rpc.Tests;
using CustomerInsights.TestKit.Sidecar;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Sidecar.Tests.Proxying;

/// <summary>Calls from app to app through their sidecars.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ProxyTests : IAsyncDisposable
{
    private readonly SidecarNetwork _network = new();
    private readonly List<IAsyncDisposable> _started = [];
    private GrpcChannel? _channel;

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        for (var i = _started.Count - 1; i >= 0; i--)
        {
            await _started[i].DisposeAsync();
        }
    }

    [Test, CancelAfter(20_000)]
    public async Task A_call_reaches_the_app_by_its_id_with_tokens_swapped(CancellationToken cancellationToken)
    {
        Metadata? received = null;
        string? contentType = null;
        var client = await StartAsync(
            new Script
            {
                Unary = async (request, context) =>
                {
                    (received, contentType) = (context.RequestHeaders, context.GetHttpContext().Request.ContentType);
                    await context.WriteResponseHeadersAsync([new Metadata.Entry("early", "1")]);
                    context.ResponseTrailers.Add("late", "2");
                    return new SimpleResponse { Payload = request.Payload };
                },
            },
            caller => caller with { ApiToken = "api secret" },
            callee => callee with { AppToken = "app secret" });

        using var call = client.UnaryCallAsync(
            new SimpleRequest { Payload = Payload(100_000) }, [.. To("store"), new("dapr-api-token", "api secret"), new("colour", "red"), new("some-bin", [1, 2])], cancellationToken: cancellationToken);
        var response = await call;

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(response.Payload.Body, Has.Length.EqualTo(100_000));
            Assert.That(contentType, Is.EqualTo("application/grpc+proto"));
            Assert.That(received!.GetAll("dapr-api-token").Select(entry => entry.Value), Is.EqualTo((string[])["app secret"]));
            Assert.That(received!.GetValue("dapr-app-id"), Is.Null);
            Assert.That((received!.GetValue("dapr-caller-app-id"), received!.GetValue("dapr-callee-app-id")), Is.EqualTo(("shop", "store")));
            Assert.That(received!.GetValue("colour"), Is.EqualTo("red"));
            Assert.That(received!.GetValueBytes("some-bin"), Is.EqualTo(new byte[] { 1, 2 }));
            Assert.That((await call.ResponseHeadersAsync).GetValue("early"), Is.EqualTo("1"));
            Assert.That(call.GetTrailers().GetValue("late"), Is.EqualTo("2"));
        });
    }

    [CancelAfter(20_000)]
    [TestCase("", StatusCode.Unknown)]
    [TestCase("nobody", StatusCode.Unavailable)]
    [TestCase("store.default", StatusCode.OK)]
    public async Task By_app_id(string appId, StatusCode expected, CancellationToken cancellationToken)
    {
        var client = await StartAsync(new Script());
        var call = client.UnaryCallAsync(new SimpleRequest(), appId.Length == 0 ? [] : To(appId), cancellationToken: cancellationToken);

        Assert.That(await StatusOfAsync(call.ResponseAsync), Is.EqualTo(expected));
    }

    [Test, CancelAfter(20_000)]
    public async Task An_error_comes_with_its_trailers_and_without_its_headers(CancellationToken cancellationToken)
    {
        var client = await StartAsync(new Script
        {
            Unary = async (_, context) =>
            {
                await context.WriteResponseHeadersAsync([new Metadata.Entry("early", "1")]);
                throw new RpcException(new Status(StatusCode.NotFound, "no such thing"), [new Metadata.Entry("grpc-status-details-bin", [7])]);
            },
        });

        using var call = client.UnaryCallAsync(new SimpleRequest(), To("store"), cancellationToken: cancellationToken);
        var failure = await Expect.FailureAsync(async () => await call);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((failure.StatusCode, failure.Status.Detail), Is.EqualTo((StatusCode.NotFound, "no such thing")));
            Assert.That(failure.Trailers.GetValueBytes("grpc-status-details-bin"), Is.EqualTo(new byte[] { 7 }));
            Assert.That((await call.ResponseHeadersAsync).GetValue("early"), Is.Null);
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task Headers_wait_for_the_first_message(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        var sent = new TaskCompletionSource();
        var client = await StartAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                await context.WriteResponseHeadersAsync([new Metadata.Entry("early", "1")]);
                sent.SetResult();
                await goOn.Task;
                await responses.WriteAsync(new StreamingOutputCallResponse());
            },
        });

        using var call = client.StreamingOutputCall(new StreamingOutputCallRequest(), Stream("store"), cancellationToken: cancellationToken);
        await sent.Task.WaitAsync(cancellationToken);
        var early = call.ResponseHeadersAsync.IsCompleted;
        goOn.SetResult();

        Assert.That((early, (await call.ResponseHeadersAsync).GetValue("early")), Is.EqualTo((false, "1")));
    }

    [Test, CancelAfter(20_000)]
    public async Task Streams_pass_both_ways(CancellationToken cancellationToken)
    {
        var client = await StartAsync(Echo, calls: Retry(2));
        using var call = client.FullDuplexCall(Stream("store"), cancellationToken: cancellationToken);

        for (var i = 1; i <= 3; i++)
        {
            await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = Payload(i) }, cancellationToken);
            Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
            Assert.That(call.ResponseStream.Current.Payload.Body, Has.Length.EqualTo(i));
        }

        await call.RequestStream.CompleteAsync();
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.False);
    }

    [Test, CancelAfter(20_000)]
    public async Task Without_the_mark_of_a_stream_a_retry_policy_ends_it_at_the_second_message(CancellationToken cancellationToken)
    {
        var client = await StartAsync(Echo, calls: Retry(2));
        using var call = client.FullDuplexCall(To("store"), cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = Payload(1) }, cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = Payload(1) }, cancellationToken);

        Assert.That(await StatusOfAsync(call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.FailedPrecondition));
    }

    [Test, CancelAfter(20_000)]
    public async Task Without_a_policy_streams_need_no_mark(CancellationToken cancellationToken)
    {
        var client = await StartAsync(Echo);
        using var call = client.FullDuplexCall(To("store"), cancellationToken: cancellationToken);
        for (var i = 0; i < 2; i++)
        {
            await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = Payload(1) }, cancellationToken);
            Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        }
    }

    [CancelAfter(20_000)]
    [TestCase(StatusCode.InvalidArgument, false, 3)]
    [TestCase(StatusCode.InvalidArgument, true, 1)]
    [TestCase(StatusCode.Unavailable, true, 3)]
    public async Task A_policy_tries_every_error_again_unless_it_names_codes(StatusCode code, bool names, int calls, CancellationToken cancellationToken)
    {
        var made = 0;
        var client = await StartAsync(
            new Script { Unary = (request, _) => throw new RpcException(new Status(code, $"{++made}, {request.Payload.Body.Length}")) }, calls: Retry(2, names ? [StatusCode.Unavailable] : []));

        var failure = await Expect.FailureAsync(async () => await client.UnaryCallAsync(new SimpleRequest { Payload = Payload(9) }, To("store"), cancellationToken: cancellationToken));

        Assert.That((failure.StatusCode, failure.Status.Detail), Is.EqualTo((code, $"{calls}, 9")));
    }

    [Test, CancelAfter(20_000)]
    public async Task An_answer_that_breaks_off_is_given_again_from_its_beginning(CancellationToken cancellationToken)
    {
        var made = 0;
        var client = await StartAsync(
            new Script
            {
                Down = async (_, responses, _) =>
                {
                    await responses.WriteAsync(new StreamingOutputCallResponse());
                    if (++made == 1)
                    {
                        throw new RpcException(new Status(StatusCode.Unavailable, "half-way"));
                    }
                },
            },
            calls: Retry(2));
        using var call = client.StreamingOutputCall(new StreamingOutputCallRequest(), To("store"), cancellationToken: cancellationToken);

        var seen = 0;
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            seen++;
        }

        Assert.That(seen, Is.EqualTo(2));
    }

    [CancelAfter(20_000)]
    [TestCase(true)]
    [TestCase(false)]
    public async Task Messages_of_more_than_4_MiB_are_refused_in_both_directions(bool up, CancellationToken cancellationToken)
    {
        var client = await StartAsync(new Script { Unary = (_, _) => Task.FromResult(new SimpleResponse { Payload = up ? null : Payload(SidecarOptions.DefaultMaxBodyBytes) }) });

        var call = client.UnaryCallAsync(new SimpleRequest { Payload = up ? Payload(SidecarOptions.DefaultMaxBodyBytes) : null }, To("store"), cancellationToken: cancellationToken);

        Assert.That(await StatusOfAsync(call.ResponseAsync), Is.EqualTo(StatusCode.ResourceExhausted));
    }

    [Test, CancelAfter(20_000)]
    public async Task Deadlines_and_cancellation_reach_the_app(CancellationToken cancellationToken)
    {
        var left = TimeSpan.Zero;
        var ended = new TaskCompletionSource();
        var client = await StartAsync(new Script
        {
            Unary = async (_, context) =>
            {
                left = context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime;
                await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ended.SetResult();
                return new SimpleResponse();
            },
        });
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = client.UnaryCallAsync(new SimpleRequest(), To("store"), TimeProvider.System.GetUtcNow().AddMinutes(1).UtcDateTime, cancelling.Token);
        await Expect.TrueAsync(() => left != TimeSpan.Zero);

        await cancelling.CancelAsync();
        await ended.Task.WaitAsync(cancellationToken);

        Assert.That(left, Is.GreaterThan(TimeSpan.FromSeconds(30)).And.LessThanOrEqualTo(TimeSpan.FromMinutes(1)));
    }

    [Test, CancelAfter(20_000)]
    public async Task An_app_that_is_ill_is_not_called(CancellationToken cancellationToken)
    {
        var client = await StartAsync(new Script(), callee: callee => callee with { AppHealth = new AppHealthCheck() }, waits: false);

        Assert.That(
            await StatusOfAsync(client.UnaryCallAsync(new SimpleRequest(), To("store"), cancellationToken: cancellationToken).ResponseAsync), Is.EqualTo(StatusCode.Internal),
            "The test service knows no health check, so it never says that it is well.");
    }

    private static Script Echo => new()
    {
        Both = async (requests, responses, context) =>
        {
            while (await requests.MoveNext(context.CancellationToken))
            {
                await responses.WriteAsync(new StreamingOutputCallResponse { Payload = requests.Current.Payload });
            }
        },
    };

    private static Metadata To(string appId) => [new Metadata.Entry("dapr-app-id", appId)];

    private static Metadata Stream(string appId) => [.. To(appId), new Metadata.Entry("dapr-stream", "true")];

    private static Payload Payload(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };

    private static ResiliencyPolicy Retry(int count, params IReadOnlyList<StatusCode> codes) =>
        new() { Retry = new RetryPolicy { Duration = TimeSpan.FromMilliseconds(1), MaxRetries = count, GrpcStatusCodes = codes } };

    private static async Task<StatusCode> StatusOfAsync(Task call)
    {
        try
        {
            await call;
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private async Task<TestService.TestServiceClient> StartAsync(
        Script script, Func<SidecarOptions, SidecarOptions>? caller = null, Func<SidecarOptions, SidecarOptions>? callee = null, ResiliencyPolicy? calls = null, bool waits = true)
    {
        var server = await TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script), configure: options => options.MaxReceiveMessageSize = null);
        _started.Add(server);
        var policies = new Dictionary<string, ResiliencyPolicy>();
        if (calls is not null)
        {
            policies["store"] = calls;
        }

        var own = new SidecarOptions { AppId = "shop", Network = _network, Calls = policies };
        var other = new SidecarOptions { AppId = "store", Network = _network, AppAddress = server.Address };
        var first = await SidecarStandIn.StartAsync((caller ?? (options => options))(own));
        var second = await SidecarStandIn.StartAsync((callee ?? (options => options))(other));
        _started.AddRange([first, second]);
        if (waits)
        {
            using var courier = new Courier(second);
            await TestKit.Eventually.TrueAsync(async () => (await courier.GetAsync("/v1.0/healthz", CancellationToken.None)).Status == 204, "the sidecar has found its app");
        }

        _channel = GrpcChannel.ForAddress(first.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        return new TestService.TestServiceClient(_channel);
    }
}
