using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Interop;

/// <summary>Our client's side of the interoperability cases, named and described as in the gRPC project. Makes a channel of its own.</summary>
internal sealed partial class OurClient : IDisposable
{
    private const string EchoInitial = "x-grpc-test-echo-initial";
    private const string EchoTrailing = "x-grpc-test-echo-trailing-bin";

    private static readonly int[] RequestSizes = [27182, 8, 1828, 45904];
    private static readonly int[] ResponseSizes = [31415, 9, 2653, 58979];

    private static readonly Dictionary<string, Func<OurClient, CancellationToken, Task>> Cases = new()
    {
        ["empty_unary"] = (client, stop) => client.EmptyUnaryAsync(stop),
        ["large_unary"] = (client, stop) => client.LargeUnaryAsync(stop),
        ["client_streaming"] = (client, stop) => client.ClientStreamingAsync(stop),
        ["server_streaming"] = (client, stop) => client.ServerStreamingAsync(stop),
        ["ping_pong"] = (client, stop) => client.PingPongAsync(stop),
        ["empty_stream"] = (client, stop) => client.EmptyStreamAsync(stop),
        ["custom_metadata"] = (client, stop) => client.CustomMetadataAsync(stop),
        ["status_code_and_message"] = (client, stop) => client.StatusAsync("test status message", stop),
        ["special_status_message"] = (client, stop) => client.StatusAsync("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n", stop),
        ["unimplemented_method"] = (client, stop) => client.UnimplementedMethodAsync(stop),
        ["unimplemented_service"] = (client, stop) => client.UnimplementedServiceAsync(stop),
        ["cancel_after_begin"] = (client, stop) => client.CancelAfterBeginAsync(stop),
        ["cancel_after_first_response"] = (client, stop) => client.CancelAfterFirstResponseAsync(stop),
        ["timeout_on_sleeping_server"] = (client, stop) => client.TimeoutOnSleepingServerAsync(stop),
        ["client_compressed_unary"] = (client, stop) => client.ClientCompressedUnaryAsync(stop),
        ["client_compressed_streaming"] = (client, stop) => client.ClientCompressedStreamingAsync(stop),
        ["server_compressed_unary"] = (client, stop) => client.ServerCompressedUnaryAsync(stop),
        ["server_compressed_streaming"] = (client, stop) => client.ServerCompressedStreamingAsync(stop),
    };

    private readonly SpyingHandler _spies = new();
    private readonly GrpcChannel _channel;
    private readonly TestService.TestServiceClient _client;

    public OurClient(Uri address)
    {
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = _spies, DisposeHttpClient = true });
        _client = new TestService.TestServiceClient(_channel);
    }

    public static IReadOnlyCollection<string> CaseNames => Cases.Keys;

    /// <summary>False for a server that is known to answer uncompressed whatever it is asked for.</summary>
    public bool IsServerCompressing { get; init; } = true;

    /// <exception cref="AssertionException">The server, or our client, does something else.</exception>
    public Task RunAsync(string caseName, CancellationToken cancellationToken) => Cases[caseName](this, cancellationToken);

    public void Dispose() => _channel.Dispose();

    private static SimpleRequest Large() => new() { ResponseSize = 314159, Payload = PayloadOf(271828) };

    private static Payload PayloadOf(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };

    private static StreamingOutputCallRequest Asking(params int[] sizes) =>
        new() { ResponseParameters = { sizes.Select(size => new ResponseParameters { Size = size }) } };

    private async Task EmptyUnaryAsync(CancellationToken cancellationToken) =>
        Assert.That(await _client.EmptyCallAsync(new Empty(), cancellationToken: cancellationToken), Is.EqualTo(new Empty()));

    private async Task LargeUnaryAsync(CancellationToken cancellationToken)
    {
        var response = await _client.UnaryCallAsync(Large(), cancellationToken: cancellationToken);

        Assert.That(response.Payload.Body, Has.Length.EqualTo(314159));
    }

    private async Task ClientStreamingAsync(CancellationToken cancellationToken)
    {
        using var call = _client.StreamingInputCall(cancellationToken: cancellationToken);
        foreach (var size in RequestSizes)
        {
            await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = PayloadOf(size) }, cancellationToken);
        }

        await call.RequestStream.CompleteAsync();

        Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(74922));
    }

    private async Task ServerStreamingAsync(CancellationToken cancellationToken)
    {
        using var call = _client.StreamingOutputCall(Asking(ResponseSizes), cancellationToken: cancellationToken);

        var sizes = await call.ResponseStream.ReadAllAsync(cancellationToken).Select(response => response.Payload.Body.Length).ToListAsync(cancellationToken);

        Assert.That(sizes, Is.EqualTo(ResponseSizes));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    private async Task PingPongAsync(CancellationToken cancellationToken)
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

    private async Task EmptyStreamAsync(CancellationToken cancellationToken)
    {
        using var call = _client.FullDuplexCall(cancellationToken: cancellationToken);
        await call.RequestStream.CompleteAsync();

        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.False);
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.OK));
    }

    private async Task CustomMetadataAsync(CancellationToken cancellationToken)
    {
        byte[] trailing = [0xab, 0xab, 0xab];
        var headers = new Metadata { { EchoInitial, "test_initial_metadata_value" }, { EchoTrailing, trailing } };

        using var unary = _client.UnaryCallAsync(Large(), headers, cancellationToken: cancellationToken);
        await unary;
        using var duplex = _client.FullDuplexCall(headers, cancellationToken: cancellationToken);
        await duplex.RequestStream.WriteAsync(Asking(314159), cancellationToken);
        await duplex.RequestStream.CompleteAsync();
        await duplex.ResponseStream.ReadAllAsync(cancellationToken).CountAsync(cancellationToken);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await unary.ResponseHeadersAsync).GetValue(EchoInitial), Is.EqualTo("test_initial_metadata_value"));
            Assert.That(unary.GetTrailers().GetValueBytes(EchoTrailing), Is.EqualTo(trailing));
            Assert.That((await duplex.ResponseHeadersAsync).GetValue(EchoInitial), Is.EqualTo("test_initial_metadata_value"));
            Assert.That(duplex.GetTrailers().GetValueBytes(EchoTrailing), Is.EqualTo(trailing));
        });
    }

    private async Task StatusAsync(string message, CancellationToken cancellationToken)
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

    private async Task UnimplementedMethodAsync(CancellationToken cancellationToken) => Assert.That(
        await Expect.StatusAsync(async () => await _client.UnimplementedCallAsync(new Empty(), cancellationToken: cancellationToken)),
        Is.EqualTo(StatusCode.Unimplemented));

    private async Task UnimplementedServiceAsync(CancellationToken cancellationToken)
    {
        var client = new UnimplementedService.UnimplementedServiceClient(_channel);

        Assert.That(
            await Expect.StatusAsync(async () => await client.UnimplementedCallAsync(new Empty(), cancellationToken: cancellationToken)),
            Is.EqualTo(StatusCode.Unimplemented));
    }

    private async Task CancelAfterBeginAsync(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.StreamingInputCall(cancellationToken: cancel.Token);
        await cancel.CancelAsync();

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(StatusCode.Cancelled));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(StatusCode.Cancelled));
    }

    private async Task CancelAfterFirstResponseAsync(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.FullDuplexCall(cancellationToken: cancel.Token);
        var request = Asking(31415);
        request.Payload = PayloadOf(27182);
        await call.RequestStream.WriteAsync(request, cancellationToken);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        await cancel.CancelAsync();

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    private async Task TimeoutOnSleepingServerAsync(CancellationToken cancellationToken)
    {
        using var call = _client.FullDuplexCall(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(1), cancellationToken: cancellationToken);
        var write = call.RequestStream.WriteAsync(new StreamingOutputCallRequest { Payload = PayloadOf(27182) }, cancellationToken);
        await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.DeadlineExceeded));
    }
}
