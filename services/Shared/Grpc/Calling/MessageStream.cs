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
            var read = await stream.ReadAsync(Room(), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return End() ? null : throw MessageDecoder.Incomplete();
            }

            _end += read;
        }

        return message;
    }

    /// <summary>The only message, once the stream has ended; null when there is none.</summary>
    /// <exception cref="RpcException">There is more than one.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadSingleAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class
    {
        T? single = null;
        while (true)
        {
            var read = await stream.ReadAsync(Room(), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return End() ? single : throw MessageDecoder.Incomplete();
            }

            _end += read;
            while (TryTake(marshaller, out var message))
            {
                single = single is null ? message : throw MessageDecoder.WrongCount("The server answered more than one message.");
            }
        }
    }

    /// <summary>
    /// Where to read to. Of a stream of large messages no more is read than the one that is under way and the next prefix: its
    /// rest would only have to be moved to the front when the buffer is full.
    /// </summary>
    private Memory<byte> Room()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_buffer.Length == 0)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
        }

        var wanted = WantedOfLarge();
        if (_start > 0 && (_end == _buffer.Length || _end + wanted > _buffer.Length))
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_end, (int)Math.Min(_buffer.Length - _end, wanted ?? int.MaxValue));
    }

    /// <summary>What is missing of a large message and the prefix after it, or null when none is known to be under way.</summary>
    private long? WantedOfLarge()
    {
        if (_end - _start < MessageDecoder.PrefixLength)
        {
            return null;
        }

        long length = decoder.ReadPrefix(_buffer.AsSpan(_start, MessageDecoder.PrefixLength), out _);
        return length > InitialSize ? MessageDecoder.PrefixLength + length - (_end - _start) + MessageDecoder.PrefixLength : null;
    }

    /// <summary>Ends the stream; false when it broke off inside a message.</summary>
    private bool End()
    {
        var isComplete = _start == _end;
        Release();
        return isComplete;
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
