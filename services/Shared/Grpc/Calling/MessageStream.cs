using System.Buffers;
using System.Runtime.CompilerServices;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Cuts the messages out of a response body. Its one buffer grows with the bytes that arrive, not with what a prefix announces.</summary>
internal sealed class MessageStream(Stream stream, MessageDecoder decoder)
{
    private const int InitialSize = 16 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>The next message if all of it has arrived.</summary>
    public bool TryTake<T>(Marshaller<T> marshaller, out T? message)
    {
        message = default;
        var available = _end - _start;
        if (available < MessageDecoder.PrefixLength)
        {
            return false;
        }

        var length = decoder.ReadPrefix(_buffer.AsSpan(_start, MessageDecoder.PrefixLength), out var isCompressed);
        if (available - MessageDecoder.PrefixLength < length)
        {
            return false;
        }

        var payload = new ReadOnlySequence<byte>(_buffer, _start + MessageDecoder.PrefixLength, length);
        _start += MessageDecoder.PrefixLength + length;
        message = decoder.Decode(marshaller, payload, isCompressed);
        return true;
    }

    /// <summary>The next message, or null at the end of the stream.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class
    {
        T? message;
        while (!TryTake(marshaller, out message))
        {
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                var isComplete = _start == _end;
                Release();
                return isComplete ? null : throw MessageDecoder.Incomplete();
            }

            _end += read;
        }

        return message;
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_buffer.Length == 0)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
        }
        else if (_start > 0 && _end == _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        else if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void Release()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _start = _end = 0;
        }
    }
}
