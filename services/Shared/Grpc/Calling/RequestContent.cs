using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace CustomerInsights.Rpc.Calling;

/// <summary>A request body with one message. It can be sent again should the connection refuse it.</summary>
internal sealed class RequestContent : HttpContent
{
    /// <summary>Fits into the window that a server opens with, so the transport never has to wait for room.</summary>
    private const int SmallSize = 16 * 1024;

    private readonly ReadOnlyMemory<byte> _bytes;

    private RequestContent(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        SetContentType(Headers);
    }

    /// <summary>The bytes of a body with one message, or null when it is a stream.</summary>
    public static int? LengthOf(HttpContent content) => content switch
    {
        RequestContent { _bytes.Length: var length } => length,
        SmallContent { Length: var length } => length,
        _ => null,
    };

    /// <summary>The body of a call's only message, or null when the message can't be sent, which ends the call.</summary>
    public static HttpContent? Of<TRequest>(ClientCall call, Marshaller<TRequest> marshaller, TRequest message)
    {
        var output = new RequestBuffer();
        var isCompressed = call.IsRequestCompressed && call.WriteOptions?.Flags.HasFlag(WriteFlags.NoCompress) is not true;
        try
        {
            new MessageEncoder(output, call.MaxSendMessageSize) { Compression = isCompressed ? CompressionLevel.Fastest : null }.Write(marshaller, message);
            return output.Written.Count <= SmallSize ? new SmallContent(output.Written) : new RequestContent(output.Written);
        }
        catch (Exception exception)
        {
            call.Fail(exception);
            return null;
        }
    }

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

    /// <summary>
    /// The transport sends bytes that it knows to be at hand without being ready for an answer before their end, which spares
    /// every call some work.
    /// </summary>
    private sealed class SmallContent : ByteArrayContent
    {
        public SmallContent(ArraySegment<byte> bytes)
            : base(bytes.Array!, bytes.Offset, bytes.Count)
        {
            Length = bytes.Count;
            SetContentType(Headers);
        }

        public int Length { get; }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
