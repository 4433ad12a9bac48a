using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace CustomerInsights.Rpc.Serving;

/// <summary>
/// Cuts the messages out of a request body. It holds on to what the transport has buffered until all of it is read,
/// so several messages cost one read, and a method that is slow to read slows its client down.
/// </summary>
internal sealed class MessageReader(PipeReader pipe, MessageDecoder decoder)
{
    private ReadOnlySequence<byte> _buffer;
    private bool _isHolding;
    private bool _isCompleted;

    /// <summary>The next message, or null at the end of the stream.</summary>
    public ValueTask<T?> ReadAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<T?>(cancellationToken)
        : TryTake(marshaller, out var message) ? new ValueTask<T?>(message)
        : WaitAsync(marshaller, cancellationToken);

    /// <summary>Waits until the only message and the end of the stream have arrived; a second message is refused as soon as it shows.</summary>
    /// <exception cref="RpcException">There is no message, or more than one.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WaitForSingleAsync(CancellationToken cancellationToken)
    {
        // Not by FillAsync: every call waits here, and feels a wait within a wait.
        try
        {
            while (!IsSingleComplete())
            {
                Take(await ReadPipeAsync(cancellationToken));
            }
        }
        catch (IOException exception)
        {
            throw new ClientGoneException(exception);
        }
    }

    /// <summary>The message that was waited for.</summary>
    /// <exception cref="RpcException">It can't be decompressed or parsed.</exception>
    public T TakeSingle<T>(Marshaller<T> marshaller)
        where T : class
    {
        if (!TryTake(marshaller, out var message))
        {
            throw new InvalidOperationException("The message wasn't waited for.");
        }

        Release();
        return message!;
    }

    /// <summary>Gives the buffer back to the transport.</summary>
    public void Release()
    {
        if (_isHolding)
        {
            _isHolding = false;
            try
            {
                pipe.AdvanceTo(_buffer.End);
            }
            catch (IOException)
            {
                // The client has reset the stream and the transport has its buffer back. The call must still come to its end.
                _isCompleted = true;
            }

            _buffer = default;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T?> WaitAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class
    {
        T? message;
        while (!TryTake(marshaller, out message))
        {
            if (_isCompleted)
            {
                return _buffer.IsEmpty ? null : throw MessageDecoder.Incomplete();
            }

            await FillAsync(cancellationToken);
        }

        return message;
    }

    private bool TryTake<T>(Marshaller<T> marshaller, out T? message)
    {
        message = default;
        if (LengthOfNext(out var isCompressed) is not { } length || _buffer.Length - MessageDecoder.PrefixLength < length)
        {
            return false;
        }

        message = decoder.Decode(marshaller, _buffer.Slice(MessageDecoder.PrefixLength, length), isCompressed);
        _buffer = _buffer.Slice(MessageDecoder.PrefixLength + (long)length);
        return true;
    }

    /// <summary>Whether the buffer holds one message and nothing can follow it.</summary>
    /// <exception cref="RpcException">It can't become a single message any more.</exception>
    private bool IsSingleComplete()
    {
        var end = MessageDecoder.PrefixLength + (long)(LengthOfNext(out _) ?? 0);
        if (_buffer.Length > end)
        {
            throw MessageDecoder.WrongCount("The call needs one message and has more.");
        }

        if (_buffer.Length < end && _isCompleted)
        {
            throw _buffer.IsEmpty ? MessageDecoder.WrongCount("The call needs one message and has none.") : MessageDecoder.Incomplete();
        }

        return _isCompleted;
    }

    /// <summary>The length of the next message, or null while its prefix hasn't arrived.</summary>
    private int? LengthOfNext(out bool isCompressed)
    {
        isCompressed = false;
        if (_buffer.Length < MessageDecoder.PrefixLength)
        {
            return null;
        }

        Span<byte> copy = stackalloc byte[MessageDecoder.PrefixLength];
        scoped var prefix = _buffer.FirstSpan;
        if (prefix.Length < MessageDecoder.PrefixLength)
        {
            _buffer.Slice(0, MessageDecoder.PrefixLength).CopyTo(copy);
            prefix = copy;
        }

        return decoder.ReadPrefix(prefix[..MessageDecoder.PrefixLength], out isCompressed);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            Take(await ReadPipeAsync(cancellationToken));
        }
        catch (IOException exception)
        {
            throw new ClientGoneException(exception);
        }
    }

    private ValueTask<ReadResult> ReadPipeAsync(CancellationToken cancellationToken)
    {
        if (_isHolding)
        {
            _isHolding = false;
            pipe.AdvanceTo(_buffer.Start, _buffer.End);
            _buffer = default;
        }

        return pipe.ReadAsync(cancellationToken);
    }

    private void Take(ReadResult read)
    {
        _isHolding = true;
        _buffer = read.Buffer;
        _isCompleted = read.IsCompleted;
    }
}

/// <summary>The request broke off. Told apart from what a method itself may meet when it reads a file or calls somebody.</summary>
internal sealed class ClientGoneException(IOException exception) : IOException(exception.Message, exception);
