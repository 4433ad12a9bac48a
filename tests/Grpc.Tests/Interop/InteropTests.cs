using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Interop;

/// <summary>The interoperability cases, named as in the gRPC project, between our client and our server.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class InteropTests
{
    private static readonly int[] RequestSizes = [27182, 8, 1828, 45904];
    private static readonly int[] ResponseSizes = [31415, 9, 2653, 58979];

    private TestServer _server = null!;
    private TestService.TestServiceClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await TestServer.StartAsync<InteropService>();
        _client = new TestService.TestServiceClient(_server.Channel);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test, CancelAfter(10_000)]
    public async Task Empty_unary(CancellationToken cancellationToken) =>
        Assert.That(await _client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken), Is.EqualTo(new Empty()));

    [Test, CancelAfter(10_000)]
    public async Task Large_unary(CancellationToken cancellationToken)
    {
        var response = await _client.UnaryCallAsync(Large(), cancellationToken: cancellationToken);

        Assert.That(response.Payload.Body, Has.Length.EqualTo(314159));
    }

    [Test]
    public void Large_unary_blocking() => Assert.That(_client.UnaryCall(Large()).Payload.Body, Has.Length.EqualTo(314159));

    [Test, CancelAfter(10_000)]
    public async Task Client_streaming(CancellationToken cancellationToken)
    {
        using var call = _client.StreamingInputCall(cancellationToken: cancellationToken);
        foreach (var size in RequestSizes)
        {
            await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = PayloadOf(size) }, cancellationToken);
        }

        await call.RequestStream.CompleteAsync();

        Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(74922));
    }

    [Test, CancelAfter(10_000)]
    public async Task Server_streaming(CancellationToken cancellationToken)
    {
        using var call = _client.StreamingOutputCall(Asking(ResponseSizes), cancellationToken: cancellationToken);

        var sizes = await call.ResponseStream.ReadAllAsync(cancellationToken).Select(response => response.Payload.Body.Length).ToListAsync(cancellationToken);

        Assert.That(sizes, Is.EqualTo(ResponseSizes));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    [Test, CancelAfter(10_000)]
    public async Task Ping_pong(CancellationToken cancellationToken)
    {
        using var call = _client.FullDuplexCall(cancellationToken: cancellationToken);
        foreach (var (up, down) in RequestSizes.Zip(ResponseSizes))
        {
            var request = Asking(down);
            request.Payload = PayloadOf(up);
            await call.RequestStream.WriteAsync(request, cancellationToken);

            Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
            Assert.That(call.ResponseStream.Current.Payload.Body, Has.Length.EqualTo(down));
        }

        await call.RequestStream.CompleteAsync();
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.False);
    }

    [Test, CancelAfter(10_000)]
    public async Task Empty_stream(CancellationToken cancellationToken)
    {
        using var call = _client.FullDuplexCall(cancellationToken: cancellationToken);
        await call.RequestStream.CompleteAsync();

        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.False);
        Assert.That(call.GetStatus(), Is.EqualTo(Status.DefaultSuccess));
    }

    [Test, CancelAfter(10_000)]
    public async Task Custom_metadata(CancellationToken cancellationToken)
    {
        byte[] trailing = [0xab, 0xab, 0xab];
        var headers = new Metadata { { "x-grpc-test-echo-initial", "test_initial_metadata_value" }, { "x-grpc-test-echo-trailing-bin", trailing } };

        using var unary = _client.UnaryCallAsync(Large(), headers, cancellationToken: cancellationToken);
        await unary;
        using var duplex = _client.FullDuplexCall(headers, cancellationToken: cancellationToken);
        await duplex.RequestStream.CompleteAsync();
        await duplex.ResponseStream.MoveNext(cancellationToken);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await unary.ResponseHeadersAsync).GetValue("x-grpc-test-echo-initial"), Is.EqualTo("test_initial_metadata_value"));
            Assert.That(unary.GetTrailers().GetValueBytes("x-grpc-test-echo-trailing-bin"), Is.EqualTo(trailing));
            Assert.That((await duplex.ResponseHeadersAsync).GetValue("x-grpc-test-echo-initial"), Is.EqualTo("test_initial_metadata_value"));
            Assert.That(duplex.GetTrailers().GetValueBytes("x-grpc-test-echo-trailing-bin"), Is.EqualTo(trailing));
        });
    }

    [TestCase("test status message")]
    [TestCase("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", TestName = "Special_status_message")]
    [CancelAfter(10_000)]
    public async Task Status_code_and_message(string message, CancellationToken cancellationToken)
    {
        var status = new EchoStatus { Code = (int)StatusCode.Unknown, Message = message };
        var unary = await Expect.FailureAsync(async () =>
            await _client.UnaryCallAsync(new SimpleRequest { ResponseStatus = status }, cancellationToken: cancellationToken));
        using var call = _client.FullDuplexCall(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StreamingOutputCallRequest { ResponseStatus = status }, cancellationToken);
        var duplex = await Expect.FailureAsync(() => call.ResponseStream.MoveNext(cancellationToken));

        Assert.Multiple(() =>
        {
            Assert.That(unary.Status, Is.EqualTo(new Status(StatusCode.Unknown, message)));
            Assert.That(duplex.Status, Is.EqualTo(new Status(StatusCode.Unknown, message)));
            Assert.That(call.GetStatus(), Is.EqualTo(new Status(StatusCode.Unknown, message)));
        });
    }

    [Test]
    public async Task Unimplemented_method() =>
        Assert.That(await Expect.StatusAsync(async () => await _client.UnimplementedCallAsync(new Empty())), Is.EqualTo(StatusCode.Unimplemented));

    [Test]
    public async Task Unimplemented_service()
    {
        var client = new UnimplementedService.UnimplementedServiceClient(_server.Channel);

        Assert.That(
            (await Expect.FailureAsync(async () => await client.UnimplementedCallAsync(new Empty()))).Status,
            Is.EqualTo(new Status(StatusCode.Unimplemented, "Service is unimplemented.")));
    }

    [Test, CancelAfter(10_000)]
    public async Task Cancel_after_begin(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.StreamingInputCall(cancellationToken: cancel.Token);
        await cancel.CancelAsync();

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Cancelled));
    }

    [Test, CancelAfter(10_000)]
    public async Task Cancel_after_first_response(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.FullDuplexCall(cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(Asking(31415), cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        await cancel.CancelAsync();

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test, CancelAfter(10_000)]
    public async Task Timeout_on_sleeping_server(CancellationToken cancellationToken)
    {
        using var call = _client.FullDuplexCall(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(1), cancellationToken: cancellationToken);
        var write = call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = PayloadOf(27182) }, cancellationToken);
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    private static SimpleRequest Large() => new() { ResponseSize = 314159, Payload = PayloadOf(271828) };

    private static Payload PayloadOf(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };

    private static StreamingOutputCallRequest Asking(params int[] sizes) =>
        new() { ResponseParameters = { sizes.Select(size => new ResponseParameters { Size = size }) } };
}
