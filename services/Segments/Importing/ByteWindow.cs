namespace CustomerInsights.Segments.Importing;

/// <summary>The bytes of a stream that are not consumed yet, contiguous. Grows with the longest row, not with the file.</summary>
internal sealed class ByteWindow
{
    private byte[] _bytes = new byte[64 * 1024];
    private int _start;
    private int _end;

    public int Length => _end - _start;

    /// <summary>True once the stream has ended: no bytes follow those in the window.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Valid until the next <see cref="Append"/>.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(_start, Length);

    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > _bytes.Length - _end)
        {
            MakeRoom(chunk.Length);
        }

        chunk.CopyTo(_bytes.AsSpan(_end));
        _end += chunk.Length;
    }

    public void Complete() => IsComplete = true;

    public void Consume(int count) => _start += count;

    private void MakeRoom(int count)
    {
        var target = count > _bytes.Length - Length ? new byte[Math.Max(_bytes.Length * 2, Length + count)] : _bytes;
        Span.CopyTo(target);
        (_bytes, _end, _start) = (target, Length, 0);
    }
}
