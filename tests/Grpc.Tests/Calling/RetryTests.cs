using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Grpc.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Which calls are tried again, how often, and when.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class RetryTests
{
    private static readonly byte[] Message = RawCall.Frame(new SimpleResponse { Payload = new Payload { Body = ByteString.CopyFromUtf8("here") } });

    [Test]
    public async Task A_failed_call_is_tried_again_and_says_so()
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await StartAsync(Failing(2, 14, seen: seen), Policy());

        Assert.That((await server.Client.UnaryCallAsync(new SimpleRequest())).Payload.Body.ToStringUtf8(), Is.EqualTo("here"));
        Assert.That(seen, Is.EqualTo(new[] { "", "1", "2" }), "grpc-previous-rpc-attempts");
    }

    [Test]
    public async Task The_request_is_sent_again_whole()
    {
        var bodies = new ConcurrentQueue<long>();
        await using var server = await StartAsync(
            async http =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                bodies.Enqueue(body.Length);
                await Status(14)(http);
            },
            Policy());

        await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[100_000]) } }));

        Assert.That(bodies, Has.Count.EqualTo(3).And.All.EqualTo(bodies.First()).And.All.GreaterThan(100_000));
    }

    [TestCase(3, 5, 3)]
    [TestCase(9, 5, 5)]
    [TestCase(9, 2, 2)]
    public async Task Attempts_are_limited_by_policy_and_channel(int maxAttempts, int ofChannel, int expected)
    {
        var seen = new ConcurrentQueue<string>();
        var options = Policy(policy => policy.MaxAttempts = maxAttempts);
        options.MaxRetryAttempts = ofChannel;
        await using var server = await StartAsync(Failing(100, 14, seen: seen), options);

        Assert.That(await UnaryAsync(server), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(seen, Has.Count.EqualTo(expected));
    }

    [TestCase(13)]
    [TestCase(8)]
    public async Task Other_codes_are_final(int code)
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await StartAsync(Failing(1, code, seen: seen), Policy());

        Assert.That(await UnaryAsync(server), Is.EqualTo((StatusCode)code));
        Assert.That(seen, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Response_headers_commit_the_call()
    {
        var calls = 0;
        await using var server = await StartAsync(
            async http =>
            {
                calls++;
                http.Response.ContentType = "application/grpc";
                await http.Response.Body.FlushAsync();
                http.Response.AppendTrailer("grpc-status", "14");
            },
            Policy());

        Assert.That(await UnaryAsync(server), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public async Task A_server_stream_is_tried_again_before_its_first_header()
    {
        await using var server = await StartAsync(Failing(2, 14, message: RawCall.Frame(new StreamingOutputCallResponse())), Policy());
        using var call = server.Client.StreamingOutputCall(new StreamingOutputCallRequest());

        Assert.That(await call.ResponseStream.ReadAllAsync().CountAsync(), Is.EqualTo(1));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_stream_of_requests_and_a_large_request_are_sent_once()
    {
        var seen = new ConcurrentQueue<string>();
        var options = Policy();
        options.MaxRetryBufferPerCallSize = 10;
        await using var server = await StartAsync(Failing(100, 14, seen: seen), options);
        using var upload = server.Client.StreamingInputCall();

        Assert.That(await Expect.StatusAsync(async () => await upload), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest { ResponseStatus = new EchoStatus { Message = "longer than ten" } })), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(seen, Has.Count.EqualTo(2));
    }

    [TestCase("0", 3)]
    [TestCase("30", 3)]
    [TestCase("-1", 1)]
    [TestCase("soon", 1)]
    public async Task The_server_can_hurry_delay_and_stop_retries(string pushback, int expected)
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await StartAsync(Failing(100, 14, pushback, seen), Policy(policy => policy.InitialBackoff = policy.MaxBackoff = TimeSpan.FromMinutes(1)));

        Assert.That(await UnaryAsync(server), Is.EqualTo(StatusCode.Unavailable));
        Assert.That(seen, Has.Count.EqualTo(expected));
    }

    [Test]
    public async Task Retries_stop_while_most_calls_fail_and_resume_when_they_succeed()
    {
        var isUp = false;
        var attempts = 0;
        var options = Policy();
        options.ServiceConfig!.RetryThrottling = new RetryThrottlingPolicy { MaxTokens = 4, TokenRatio = 1 };
        await using var server = await StartAsync(
            http =>
            {
                attempts++;
                return isUp ? Answer(Message)(http) : Status(14)(http);
            },
            options);

        await UnaryAsync(server);
        Assert.That(attempts, Is.EqualTo(2), "The second failure leaves half of the tokens.");
        await UnaryAsync(server);
        Assert.That(attempts, Is.EqualTo(3), "None is left for a retry.");
        isUp = true;
        for (var i = 0; i < 3; i++)
        {
            await server.Client.UnaryCallAsync(new SimpleRequest());
        }

        (isUp, attempts) = (false, 0);
        await UnaryAsync(server);
        Assert.That(attempts, Is.EqualTo(2));
    }

    [Test]
    public async Task No_attempt_comes_after_the_deadline_or_a_cancel()
    {
        var seen = new ConcurrentQueue<string>();
        await using var server = await StartAsync(Failing(100, 14, seen: seen), Policy(policy => policy.InitialBackoff = policy.MaxBackoff = TimeSpan.FromMinutes(1)));
        using var cancel = new CancellationTokenSource();
        var late = server.Client.UnaryCallAsync(new SimpleRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300));
        var cancelled = server.Client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancel.Token);
        await Expect.TrueAsync(() => seen.Count == 2);
        await cancel.CancelAsync();

        Assert.That(await Expect.StatusAsync(async () => await cancelled), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(await Expect.StatusAsync(async () => await late), Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(seen, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_refused_stream_is_sent_again_without_any_policy()
    {
        var calls = 0;
        await using var server = await StartAsync(
            http =>
            {
                if (calls++ > 0)
                {
                    return Answer(Message)(http);
                }

                http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(0x7);
                return Task.CompletedTask;
            },
            new GrpcChannelOptions());

        Assert.That((await server.Client.UnaryCallAsync(new SimpleRequest())).Payload.Body.ToStringUtf8(), Is.EqualTo("here"));
    }

    [Test]
    public async Task The_most_exact_name_counts()
    {
        var seen = new ConcurrentQueue<string>();
        var options = Policy(policy => policy.MaxAttempts = 4);
        options.ServiceConfig!.MethodConfigs.Add(new MethodConfig { Names = { new MethodName { Service = "grpc.testing.TestService", Method = "EmptyCall" } } });
        await using var server = await StartAsync(Failing(100, 14, seen: seen), options);

        await Expect.StatusAsync(async () => await server.Client.EmptyCallAsync(new Empty()));
        Assert.That(seen, Has.Count.EqualTo(1), "This method has no policy.");
        await UnaryAsync(server);
        Assert.That(seen, Has.Count.EqualTo(5));
    }

    [Test]
    public void All_errors_of_a_config_are_told_at_once()
    {
        var options = new GrpcChannelOptions
        {
            ServiceConfig = new ServiceConfig
            {
                MethodConfigs =
                {
                    new MethodConfig { Names = { MethodName.Default, new MethodName { Method = "Alone" } }, RetryPolicy = new RetryPolicy { MaxAttempts = 1, BackoffMultiplier = double.NaN, RetryableStatusCodes = { StatusCode.OK } } },
                    new MethodConfig { Names = { MethodName.Default } },
                    new MethodConfig(),
                    null!,
                    new MethodConfig { Names = { null! }, RetryPolicy = new RetryPolicy() },
                },
                RetryThrottling = new RetryThrottlingPolicy { MaxTokens = 1001 },
            },
        };

        var error = Assert.Throws<ArgumentException>(() => GrpcChannel.ForAddress("http://127.0.0.1:1", options))!.Message;

        string[] parts = ["twice", "without a service", "[0].RetryPolicy.MaxAttempts", "InitialBackoff", "MaxBackoff", "BackoffMultiplier", "OK", "[2].Names", "[3].The config", "[4].Names", "[4].RetryPolicy.InitialBackoff", "MaxTokens", "TokenRatio"];
        Assert.That(parts, Has.All.Matches<string>(part => error.Contains(part, StringComparison.Ordinal)), error);
    }

    [TestCase(0, 1, nameof(GrpcChannelOptions.InitialReconnectBackoff))]
    [TestCase(1, -1, nameof(GrpcChannelOptions.MaxReconnectBackoff))]
    public void Back_offs_to_connect_must_be_above_zero(int initial, int max, string field) => Assert.That(
        () => GrpcChannel.ForAddress("http://127.0.0.1:1", new GrpcChannelOptions { InitialReconnectBackoff = TimeSpan.FromSeconds(initial), MaxReconnectBackoff = TimeSpan.FromSeconds(max) }),
        Throws.InstanceOf<ArgumentException>().With.Message.Contains(field));

    private static Task<StrangeServer> StartAsync(RequestDelegate answer, GrpcChannelOptions options) => StrangeServer.StartAsync(answer, options);

    /// <summary>Three attempts for UNAVAILABLE, a few milliseconds apart.</summary>
    private static GrpcChannelOptions Policy(Action<RetryPolicy>? adjust = null)
    {
        var policy = new RetryPolicy
        {
            MaxAttempts = 3,
            InitialBackoff = TimeSpan.FromMilliseconds(2),
            MaxBackoff = TimeSpan.FromMilliseconds(4),
            BackoffMultiplier = 2,
            RetryableStatusCodes = { StatusCode.Unavailable },
        };
        adjust?.Invoke(policy);
        return new GrpcChannelOptions { ServiceConfig = new ServiceConfig { MethodConfigs = { new MethodConfig { Names = { MethodName.Default }, RetryPolicy = policy } } } };
    }

    private static RequestDelegate Failing(int times, int code, string? pushback = null, ConcurrentQueue<string>? seen = null, byte[]? message = null)
    {
        var calls = 0;
        return http =>
        {
            seen?.Enqueue(http.Request.Headers["grpc-previous-rpc-attempts"].ToString());
            return Interlocked.Increment(ref calls) <= times ? Status(code, pushback)(http) : Answer(message ?? Message)(http);
        };
    }

    private static RequestDelegate Status(int code, string? pushback = null) => http =>
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = code.ToString();
        if (pushback is not null)
        {
            http.Response.Headers["grpc-retry-pushback-ms"] = pushback;
        }

        return Task.CompletedTask;
    };

    private static RequestDelegate Answer(byte[] message) => StrangeServer.Answering(message, 0);

    private static async Task<StatusCode> UnaryAsync(StrangeServer server) => await Expect.StatusAsync(async () => await server.Client.UnaryCallAsync(new SimpleRequest()));
}
