using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;

namespace CustomerInsights.Rpc.Web;

/// <summary>
/// Reads the bytes of a base64 text as it comes. Any group of four characters may end in padding, because a client may
/// encode piece by piece.
/// </summary>
internal sealed class Base64Reader(PipeReader text) : PipeReader
{
    private const int GroupLength = 4;
    private const int GroupBytes = 3;

    // Never more than the transport had buffered: it is filled only when all of it was looked at.
    private readonly Pipe _bytes = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    public override bool TryRead(out ReadResult result) => _bytes.Reader.TryRead(out result);

    /// <exception cref="RpcException">The text isn't base64.</exception>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReadResult result;
        while (!_bytes.Reader.TryRead(out result))
        {
            await FillAsync(cancellationToken);
        }

        return result;
    }

    public override void AdvanceTo(SequencePosition consumed) => _bytes.Reader.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _bytes.Reader.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => text.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _bytes.Writer.Complete();
        _bytes.Reader.Complete();
        text.Complete(exception);
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        var result = await text.ReadAsync(cancellationToken);
        var rest = result.Buffer;
        var isBase64 = true;
        while (isBase64 && rest.Length >= GroupLength)
        {
            isBase64 = TryDecode(ref rest);
        }

        var isCut = result.IsCompleted && !rest.IsEmpty;
        text.AdvanceTo(rest.Start, rest.End);
        if (!isBase64 || isCut)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The request isn't base64."));
        }

        if (result.IsCompleted)
        {
            await _bytes.Writer.CompleteAsync();
        }
        else
        {
            await _bytes.Writer.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Decodes up to the first padding or the end of the segment; a group that lies across the end, alone.</summary>
    private bool TryDecode(ref ReadOnlySequence<byte> rest)
    {
        Span<byte> group = stackalloc byte[GroupLength];
        scoped var characters = rest.FirstSpan;
        if (characters.Length < GroupLength)
        {
            rest.Slice(0, GroupLength).CopyTo(group);
            characters = group;
        }

        var padding = characters.IndexOf((byte)'=');
        var groups = padding < 0 ? characters.Length / GroupLength : Math.Min((padding / GroupLength) + 1, characters.Length / GroupLength);
        characters = characters[..(groups * GroupLength)];
        var status = Base64.DecodeFromUtf8(characters, _bytes.Writer.GetSpan(groups * GroupBytes), out _, out var written);
        _bytes.Writer.Advance(written);
        rest = rest.Slice(characters.Length);
        return status == OperationStatus.Done;
    }
}
