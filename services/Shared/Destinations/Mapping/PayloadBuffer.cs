using System.Buffers;

namespace CustomerInsights.Destinations.Mapping;

/// <summary>Growing memory for the payloads of one page of members; reused from page to page.</summary>
internal sealed class PayloadBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 256 * 1024;

    /// <summary>A page of unusually wide members must not make the buffer stay as large for good.</summary>
    private const int KeptBytes = 4 * 1024 * 1024;

    private byte[] _bytes = new byte[InitialBytes];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Slice(int offset, int length) => _bytes.AsMemory(offset, length);

    /// <summary>Takes back everything after a position.</summary>
    public void Truncate(int length) => Length = length;

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > KeptBytes)
        {
            _bytes = new byte[InitialBytes];
        }
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    // Slices are taken only after the page is mapped, so growing may move the bytes.
    private void Reserve(int sizeHint)
    {
        var needed = Length + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
        }
    }
}
