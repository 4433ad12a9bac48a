using System.Buffers;

namespace CustomerInsights.Rpc.Wire;

/// <summary>One array for one message, of its exact size when that is known first.</summary>
internal sealed class RequestBuffer : IBufferWriter<byte>
{
    private const int UnknownSize = 256;

    private byte[] _bytes = [];
    private int _written;

    public ArraySegment<byte> Written => new(_bytes, 0, _written);

    public void Reserve(int size) => Array.Resize(ref _bytes, _written + size);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - _written), nameof(count));
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_bytes.Length - _written < Math.Max(sizeHint, 1))
        {
            Reserve(Math.Max(sizeHint, Math.Max(_written, UnknownSize)));
        }

        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
