using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>What the server makes of clients that break off, dawdle or talk nonsense below the level of HTTP.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class StrangeClientTests
{
    private const string Unary = "/grpc.testing.TestService/UnaryCall";
    private const string Up = "/grpc.testing.TestService/StreamingInputCall";

    private static readonly byte[] Request = RawCall.Frame(new SimpleRequest { ResponseSize = 7, Payload = new Payload { Body = ByteString.CopyFrom(new byte[20]) } });

    [Test]
    public async Task A_message_cut_in_two_anywhere_is_read(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        for (var cut = 1; cut < Request.Length; cut++)
        {
            var stream = (cut * 2) - 1;
            await peer.RequestAsync(stream, Unary, cancellationToken);
            await peer.DataAsync(stream, Request.AsMemory(0, cut), false, cancellationToken);
            await peer.RoundTripAsync(cancellationToken);
            await peer.DataAsync(stream, Request.AsMemory(cut), true, cancellationToken);

            Assert.That(await peer.OutcomeAsync(stream, cancellationToken), Is.EqualTo("0"), $"cut after {cut} bytes");
        }
    }

    [Test]
    public async Task A_message_that_drips_in_is_read(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, Unary, cancellationToken);
        for (var i = 0; i < Request.Length; i++)
        {
            await peer.DataAsync(1, Request.AsMemory(i, 1), i == Request.Length - 1, cancellationToken);
            await peer.WriteAsync(FrameType.Ping, 0, 0, new byte[8], cancellationToken);
        }

        Assert.That(await peer.OutcomeAsync(1, cancellationToken), Is.EqualTo("0"));
    }

    [Test]
    public async Task A_sender_that_never_finishes_is_ended_by_the_deadline([Values(Unary, Up)] string path, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, path, cancellationToken, ("grpc-timeout", "200m"));
        await peer.DataAsync(1, Request.AsMemory(0, 10), false, cancellationToken);

        Assert.That(await peer.OutcomeAsync(1, cancellationToken), Is.EqualTo("4"));
        Assert.That((await peer.ReadAsync(frame => frame.Type == FrameType.Reset, cancellationToken)).Number, Is.Zero, "a complete answer needs no more of the request");
    }

    [Test]
    public async Task A_reset_inside_a_message_cancels_the_call_whatever_its_code(
        [Values(0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xff)] int error, CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource();
        var end = new TaskCompletionSource<(Exception? Exception, bool HasFired)>();
        await using var server = await ServeAsync(new Script
        {
            Up = async (requests, context) =>
            {
                started.SetResult();
                var exception = await Expect.ExceptionAsync(() => requests.MoveNext(CancellationToken.None));
                end.SetResult((exception, context.CancellationToken.IsCancellationRequested));
                return new StreamingInputCallResponse();
            },
        });
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, Up, cancellationToken);
        await peer.DataAsync(1, Request.AsMemory(0, 10), false, cancellationToken);
        await started.Task.WaitAsync(cancellationToken);

        await peer.ResetAsync(1, error, cancellationToken);
        var (exception, hasFired) = await end.Task.WaitAsync(cancellationToken);

        Assert.That((exception is OperationCanceledException, hasFired), Is.EqualTo((true, true)), $"{exception}");
        Assert.That(server.Errors, Is.Empty);
    }

    [Test]
    public async Task A_dropped_connection_cancels_all_calls_on_it(CancellationToken cancellationToken)
    {
        const int Calls = 20;
        var cancelled = new ConcurrentDictionary<ServerCallContext, bool>();
        var started = new CountdownEvent(Calls);
        var all = new TaskCompletionSource();
        await using var server = await ServeAsync(new Script
        {
            Up = async (_, context) =>
            {
                started.Signal();
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancelled.TryAdd(context, true) && cancelled.Count == Calls)
                {
                    all.TrySetResult();
                }

                return new StreamingInputCallResponse();
            },
        });
        var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        for (var call = 0; call < Calls; call++)
        {
            await peer.RequestAsync((call * 2) + 1, Up, cancellationToken);
            await peer.DataAsync((call * 2) + 1, Request.AsMemory(0, call), false, cancellationToken);
        }

        started.Wait(cancellationToken);
        peer.Drop();

        await all.Task.WaitAsync(cancellationToken);
        Assert.That(server.Errors, Is.Empty);
    }

    [Test]
    public async Task A_client_that_is_gone_before_its_deadline_does_not_hurt_anybody(CancellationToken cancellationToken)
    {
        // What it has sent is still held when it goes, and its timer runs out while the call ends.
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        var asking = RawCall.Frame(new StreamingOutputCallRequest { ResponseParameters = { new ResponseParameters { Size = 1, IntervalUs = 10_000_000 } } });
        for (var call = 0; call < 300; call++)
        {
            var stream = (call * 2) + 1;
            await peer.RequestAsync(stream, "/grpc.testing.TestService/FullDuplexCall", cancellationToken, ("grpc-timeout", $"{1 + (call % 5)}m"));
            await peer.DataAsync(stream, (byte[])[.. asking, .. asking, 0, 0], false, cancellationToken);
            await peer.RoundTripAsync(cancellationToken);
            await peer.ResetAsync(stream, 0x8, cancellationToken);
        }

        Assert.That(await ServesAsync(server, cancellationToken), Is.True);
        Assert.That(server.Errors, Is.Empty);
    }

    [Test]
    public async Task What_a_method_does_at_its_deadline_may_fail(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script
        {
            Unary = async (_, context) =>
            {
                await using var registration = context.CancellationToken.Register(() => throw new FormatException());
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
                return new SimpleResponse();
            },
        });
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, Unary, cancellationToken, ("grpc-timeout", "20m"));
        await peer.DataAsync(1, Request, true, cancellationToken);

        Assert.That(await peer.OutcomeAsync(1, cancellationToken), Is.EqualTo("4"));
        Assert.That(await Expect.ExceptionAsync(() => new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty(), cancellationToken: cancellationToken).ResponseAsync),
            Is.InstanceOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.Unimplemented), "the process is still there");
    }

    [Test]
    public async Task A_finished_answer_ends_an_upload_without_an_error(CancellationToken cancellationToken)
    {
        await using var server = await ServeAsync(new Script());
        await using var peer = await RawPeer.ConnectAsync(server.Address, cancellationToken);
        await peer.RequestAsync(1, Up, cancellationToken);
        await peer.DataAsync(1, Request, false, cancellationToken);

        Assert.That(await peer.OutcomeAsync(1, cancellationToken), Is.EqualTo("0"));
        Assert.That((await peer.ReadAsync(frame => frame.Type == FrameType.Reset, cancellationToken)).Number, Is.Zero);
        await peer.RequestAsync(3, Unary, cancellationToken);
        await peer.DataAsync(3, Request, true, cancellationToken);
        Assert.That(await peer.OutcomeAsync(3, cancellationToken), Is.EqualTo("0"), "the connection is as good as before");
    }

    [Test]
    public async Task A_hundred_thousand_bytes_of_headers_end_with_a_status_at_our_client(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var headers = new Metadata { { "x", new string('a', 100_000) } };
        var client = new TestService.TestServiceClient(server.Channel);

        var status = await Expect.StatusAsync(async () => await client.EmptyCallAsync(new Empty(), headers, cancellationToken: cancellationToken));

        Assert.That(status, Is.AnyOf(StatusCode.Internal, StatusCode.ResourceExhausted));
        Assert.That(await client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken), Is.Not.Null);
    }

    [TestCase("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [TestCase("\0\u0001\u0002\u0003 nothing that anybody would call a protocol \u00ff\u00fe")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff")]
    public async Task What_is_not_HTTP2_costs_the_connection_only(string text, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = await RawPeer.DialAsync(server.Address, cancellationToken);
        await peer.WriteAsync(System.Text.Encoding.Latin1.GetBytes(text), cancellationToken);

        Assert.That(await ServesAsync(server, cancellationToken), Is.True);
        Assert.That(server.Errors, Is.Empty);
    }

    private static async Task<bool> ServesAsync(TestServer server, CancellationToken cancellationToken) =>
        await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty(), cancellationToken: cancellationToken) is not null;

    private static Task<TestServer> ServeAsync(Script script) => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));
}
