using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CustomerInsights.Rpc.Wire;

/// <summary>
/// Writes messages with their prefixes, in place when the serializer knows the length first. A small one has its room from the
/// output in one piece and is only handed over when it is complete; until then nothing has happened.
/// </summary>
/// <param name="maxMessageSize">In bytes before compression; null for no limit.</param>
internal sealed class MessageEncoder(IBufferWriter<byte> output, int? maxMessageSize) : SerializationContext, IBufferWriter<byte>
{
    /// <summary>With its prefix; well below what a transport hands out in one piece.</summary>
    private const int SmallSize = 1024;

    private ArrayBufferWriter<byte>? _scratch;
    private Memory<byte> _room;
    private int? _announced;
    private int _written;
    private bool _isInPlace;
    private bool _isHandedOver;
    private bool _isComplete;

    /// <summary>Set to compress messages.</summary>
    public CompressionLevel? Compression { get; set; }

    /// <summary>A message was left half written: nothing may follow it.</summary>
    public bool IsBroken { get; private set; }

    /// <exception cref="InvalidOperationException">The serializer completed another number of bytes than it had announced, or nothing at all.</exception>
    public void Write<T>(Marshaller<T> marshaller, T message)
    {
        (_room, _announced, _written) = (default, null, 0);
        _isInPlace = _isHandedOver = _isComplete = false;
        _scratch?.ResetWrittenCount();
        try
        {
            marshaller.ContextualSerializer(message, this);
            if (!_isComplete)
            {
                throw new InvalidOperationException("The serializer did not complete its message.");
            }
        }
        catch
        {
            IsBroken = _isHandedOver;
            throw;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        CheckSize(payloadLength);
        _announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_isInPlace)
        {
            return this;
        }

        if (_announced is not { } length || Compression is not null)
        {
            return _scratch ??= new ArrayBufferWriter<byte>();
        }

        _isInPlace = true;
        var size = Reserve(length);
        if (size <= SmallSize)
        {
            _room = output.GetMemory(size)[..size];
            WritePrefix(_room.Span, length, isCompressed: false);
        }
        else
        {
            HandPrefixOver(length, isCompressed: false);
        }

        return this;
    }

    public override void Complete()
    {
        if (!_isInPlace)
        {
            WriteWhole(_scratch is null ? [] : _scratch.WrittenSpan);
            return;
        }

        CheckIncomplete();
        if (_written != _announced)
        {
            throw new InvalidOperationException($"The serializer wrote {_written} bytes and had announced {_announced}.");
        }

        HandRoomOver();
        _isComplete = true;
    }

    public override void Complete(byte[] payload)
    {
        if (_isInPlace)
        {
            throw new InvalidOperationException("The serializer has begun to write, so it can't end with other bytes.");
        }

        WriteWhole(payload);
    }

    void IBufferWriter<byte>.Advance(int count)
    {
        if (_room.IsEmpty)
        {
            output.Advance(count);
        }
        else
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)RestOfRoom.Length, nameof(count));
        }

        _written += count;
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => KeepsToRoom(sizeHint) ? RestOfRoom : output.GetMemory(sizeHint);

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => KeepsToRoom(sizeHint) ? RestOfRoom.Span : output.GetSpan(sizeHint);

    private Memory<byte> RestOfRoom => _room[(MessageDecoder.PrefixLength + _written)..];

    /// <summary>A serializer may ask for more room than it has announced; then what it has written is handed over, and it gets room from the output.</summary>
    private bool KeepsToRoom(int sizeHint)
    {
        if (!_room.IsEmpty && RestOfRoom.Length < Math.Max(sizeHint, 1))
        {
            HandRoomOver();
        }

        return !_room.IsEmpty;
    }

    private void HandRoomOver()
    {
        if (!_room.IsEmpty)
        {
            _isHandedOver = true;
            output.Advance(MessageDecoder.PrefixLength + _written);
            _room = default;
        }
    }

    private void WriteWhole(ReadOnlySpan<byte> payload)
    {
        CheckIncomplete();
        CheckSize(payload.Length);
        if (Compression is { } level && payload.Length > 0)
        {
            var compressed = Gzip.Compress(payload, level);
            Reserve(compressed.Length);
            HandPrefixOver(compressed.Length, isCompressed: true);
            output.Write(compressed.Span);
        }
        else
        {
            Reserve(payload.Length);
            HandPrefixOver(payload.Length, isCompressed: false);
            output.Write(payload);
        }

        _isComplete = true;
    }

    private int Reserve(int length)
    {
        var size = MessageDecoder.PrefixLength + length;
        (output as RequestBuffer)?.Reserve(size);
        return size;
    }

    private void HandPrefixOver(int length, bool isCompressed)
    {
        _isHandedOver = true;
        WritePrefix(output.GetSpan(MessageDecoder.PrefixLength), length, isCompressed);
        output.Advance(MessageDecoder.PrefixLength);
    }

    private static void WritePrefix(Span<byte> room, int length, bool isCompressed)
    {
        room[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
    }

    private void CheckIncomplete()
    {
        if (_isComplete)
        {
            throw new InvalidOperationException("The serializer has completed its message already.");
        }
    }

    private void CheckSize(int length)
    {
        if (length > maxMessageSize)
        {
            throw MessageDecoder.TooLarge(maxMessageSize);
        }
    }
}
