using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using CustomerInsights.Rpc.Wire;
using Grpc.Core;

namespace CustomerInsights.Rpc.Calling;

/// <summary>A request body with one message. It can be sent again should the connection refuse it.</summary>
internal sealed class RequestContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private RequestContent(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        SetContentType(Headers);
    }

    /// <summary>In bytes, with the prefix.</summary>
    public int Length => _bytes.Length;

    /// <exception cref="RpcException">The message is larger than the channel sends.</exception>
    public static RequestContent Of<TRequest>(Marshaller<TRequest> marshaller, TRequest message, int? maxSize, CallOptions options)
    {
        var output = new RequestBuffer();
        var encoder = new MessageEncoder(output, maxSize) { Compression = CompressionOf(options) };
        encoder.Write(marshaller, message);
        return new RequestContent(output.Written);
    }

    public static bool IsCompressed(CallOptions options) => options.Headers?.GetValue(HeaderNames.RequestEncodingChoice) == HeaderNames.Gzip;

    public static void SetContentType(HttpContentHeaders headers) => headers.TryAddWithoutValidation("Content-Type", HeaderNames.ContentType);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        stream.WriteAsync(_bytes, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        // Known, but gRPC bodies carry no content-length.
        length = 0;
        return false;
    }

    private static CompressionLevel? CompressionOf(CallOptions options) =>
        IsCompressed(options) && options.WriteOptions?.Flags.HasFlag(WriteFlags.NoCompress) is not true ? CompressionLevel.Fastest : null;
}
