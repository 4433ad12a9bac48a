using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Interop;

/// <summary>The cases about compression. A message sent otherwise than announced must be refused: else the rest proves nothing.</summary>
internal sealed partial class OurClient
{
    // As with the official client: metadata to the client itself, never sent.
    private static readonly Metadata Gzip = new() { { "grpc-internal-encoding-request", "gzip" } };

    private static BoolValue Yes => new() { Value = true };

    private static BoolValue No => new() { Value = false };

    private async Task ClientCompressedUnaryAsync(CancellationToken cancellationToken)
    {
        var request = Large();
        request.ExpectCompressed = Yes;

        var probe = await Expect.StatusAsync(async () => await _client.UnaryCallAsync(request, cancellationToken: cancellationToken));
        var compressed = await _client.UnaryCallAsync(request, Gzip, cancellationToken: cancellationToken);
        request.ExpectCompressed = No;
        var plain = await _client.UnaryCallAsync(
            request, new CallOptions(Gzip, cancellationToken: cancellationToken, writeOptions: new WriteOptions(WriteFlags.NoCompress)));

        Assert.Multiple(() =>
        {
            Assert.That(probe, Is.EqualTo(StatusCode.InvalidArgument));
            Assert.That(compressed.Payload.Body, Has.Length.EqualTo(314159));
            Assert.That(plain.Payload.Body, Has.Length.EqualTo(314159));
        });
    }

    private async Task ClientCompressedStreamingAsync(CancellationToken cancellationToken)
    {
        var request = new StreamingInputCallRequest { ExpectCompressed = Yes, Payload = PayloadOf(27182) };

        using var probe = _client.StreamingInputCall(cancellationToken: cancellationToken);
        await probe.RequestStream.WriteAsync(request, cancellationToken);
        await probe.RequestStream.CompleteAsync();
        Assert.That(await Expect.StatusAsync(async () => await probe), Is.EqualTo(StatusCode.InvalidArgument));

        using var call = _client.StreamingInputCall(Gzip, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(request, cancellationToken);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
        await call.RequestStream.WriteAsync(new StreamingInputCallRequest { ExpectCompressed = No, Payload = PayloadOf(45904) }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        Assert.That((await call).AggregatedPayloadSize, Is.EqualTo(73086));
    }

    private async Task ServerCompressedUnaryAsync(CancellationToken cancellationToken)
    {
        foreach (var compressed in new[] { true, false })
        {
            var request = Large();
            request.ResponseCompressed = new BoolValue { Value = compressed };
            var response = await _client.UnaryCallAsync(request, cancellationToken: cancellationToken);

            Assert.That(response.Payload.Body, Has.Length.EqualTo(314159));
            Assert.That(_spies.Latest.IsNextCompressed(), Is.EqualTo(compressed && IsServerCompressing));
        }
    }

    private async Task ServerCompressedStreamingAsync(CancellationToken cancellationToken)
    {
        var request = new StreamingOutputCallRequest
        {
            ResponseParameters = { new ResponseParameters { Size = 31415, Compressed = Yes }, new ResponseParameters { Size = 92653, Compressed = No } },
        };

        using var call = _client.StreamingOutputCall(request, cancellationToken: cancellationToken);
        var sizes = await call.ResponseStream.ReadAllAsync(cancellationToken).Select(response => response.Payload.Body.Length).ToListAsync(cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(sizes, Is.EqualTo([31415, 92653]));
            Assert.That(_spies.Latest.IsNextCompressed(), Is.EqualTo(IsServerCompressing));
            Assert.That(_spies.Latest.IsNextCompressed(), Is.False);
        });
    }

    /// <summary>Reads along with the responses.</summary>
    private sealed class SpyingHandler() : DelegatingHandler(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false })
    {
        private FlagSpy? _latest;

        /// <summary>The spy of the latest response.</summary>
        public FlagSpy Latest => _latest ?? throw new InvalidOperationException("There was no response.");

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            _latest = new FlagSpy(await response.Content.ReadAsStreamAsync(cancellationToken));
            var watched = new StreamContent(_latest);
            foreach (var (name, values) in response.Content.Headers.NonValidated)
            {
                watched.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = watched;
            return response;
        }
    }
}
