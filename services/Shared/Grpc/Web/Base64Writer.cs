using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;

namespace CustomerInsights.Rpc.Web;

/// <summary>Sends bytes as base64. Each flush ends in padding where it needs some, so that the client can read all of it at once.</summary>
internal sealed class Base64Writer(PipeWriter text) : PipeWriter
{
    /// <summary>Encoded at once; a multiple of three, so that only the end of a flush is padded.</summary>
    private const int PieceLength = 3 * 1024;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public override void Advance(int bytes) => _bytes.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

    public override void CancelPendingFlush() => text.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => text.Complete(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        for (var rest = _bytes.WrittenSpan; rest.Length > 0; rest = rest[Math.Min(PieceLength, rest.Length)..])
        {
            var piece = rest[..Math.Min(PieceLength, rest.Length)];
            Base64.EncodeToUtf8(piece, text.GetSpan(Base64.GetMaxEncodedToUtf8Length(piece.Length)), out _, out var written);
            text.Advance(written);
        }

        _bytes.ResetWrittenCount();
        return text.FlushAsync(cancellationToken);
    }
}
