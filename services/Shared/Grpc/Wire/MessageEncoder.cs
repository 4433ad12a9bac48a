using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CustomerInsights.Rpc.Wire;

/// <summary>
/// Writes messages with their prefixes, in place when the serializer knows the length first. A small one is written through
/// this object, so that it costs the output one request for room and one advance instead of several.
/// </summary>
/// <param name="maxMessageSize">In bytes before compression; null for no limit.</param>
internal sealed class MessageEncoder(IBufferWriter<byte> output, int? maxMessageSize) : SerializationContext, IBufferWriter<byte>
{
    /// <summary>With its prefix; well below what a transport hands out in one piece.</summary>
    private const int SmallSize = 1024;

    private ArrayBufferWriter<byte>? _scratch;
    private Memory<byte> _room;
    private int _written;
    private int? _length;
    private bool _isInPlace;

    /// <summary>Set to compress messages.</summary>
    public CompressionLevel? Compression { get; set; }

    /// <summary>A message was left half written: nothing may follow it.</summary>
    public bool IsBroken { get; private set; }

    public void Write<T>(Marshaller<T> marshaller, T message)
    {
        _length = null;
        _isInPlace = false;
        _room = default;
        _scratch?.ResetWrittenCount();
        try
        {
            marshaller.ContextualSerializer(message, this);
        }
        catch
        {
            IsBroken = _isInPlace;
            throw;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        CheckSize(payloadLength);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_length is not { } length || Compression is not null)
        {
            return _scratch ??= new ArrayBufferWriter<byte>();
        }

        if (length <= SmallSize - MessageDecoder.PrefixLength)
        {
            if (_room.IsEmpty)
            {
                _room = RoomFor(length)[..(MessageDecoder.PrefixLength + length)];
                _written = WritePrefix(_room.Span, length, isCompressed: false);
            }

            return this;
        }

        if (!_isInPlace)
        {
            WritePrefix(length, isCompressed: false);
            _isInPlace = true;
        }

        return output;
    }

    /// <exception cref="InvalidOperationException">The serializer wrote less than it had announced.</exception>
    public override void Complete()
    {
        if (!_room.IsEmpty)
        {
            if (_written != _room.Length)
            {
                throw new InvalidOperationException("The serializer wrote fewer bytes than it had announced.");
            }

            output.Advance(_written);
            _room = default;
            _isInPlace = true;
        }
        else if (!_isInPlace)
        {
            WriteWhole(_scratch is null ? [] : _scratch.WrittenSpan);
        }
    }

    public override void Complete(byte[] payload) => WriteWhole(payload);

    void IBufferWriter<byte>.Advance(int count)
    {
        if (_room.IsEmpty)
        {
            output.Advance(count);
        }
        else
        {
            _written += count;
        }
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint) => HasRoom(sizeHint) ? _room[_written..] : output.GetMemory(sizeHint);

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => HasRoom(sizeHint) ? _room.Span[_written..] : output.GetSpan(sizeHint);

    private void WriteWhole(ReadOnlySpan<byte> payload)
    {
        CheckSize(payload.Length);
        if (Compression is { } level && payload.Length > 0)
        {
            var compressed = Gzip.Compress(payload, level);
            WritePrefix(compressed.Length, isCompressed: true);
            output.Write(compressed.Span);
        }
        else
        {
            WritePrefix(payload.Length, isCompressed: false);
            output.Write(payload);
        }
    }

    /// <summary>Whether a small message's room does; a serializer may ask for more than it announced, and then gets it from the output.</summary>
    private bool HasRoom(int sizeHint)
    {
        if (_room.Length - _written >= Math.Max(sizeHint, 1))
        {
            return true;
        }

        if (!_room.IsEmpty)
        {
            output.Advance(_written);
            _room = default;
            _isInPlace = true;
        }

        return false;
    }

    private Memory<byte> RoomFor(int length)
    {
        var size = MessageDecoder.PrefixLength + length;
        (output as RequestBuffer)?.Reserve(size);
        return output.GetMemory(size);
    }

    private void WritePrefix(int length, bool isCompressed)
    {
        (output as RequestBuffer)?.Reserve(MessageDecoder.PrefixLength + length);
        output.Advance(WritePrefix(output.GetSpan(MessageDecoder.PrefixLength), length, isCompressed));
    }

    private static int WritePrefix(Span<byte> room, int length, bool isCompressed)
    {
        room[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
        return MessageDecoder.PrefixLength;
    }

    private void CheckSize(int length)
    {
        if (length > maxMessageSize)
        {
            throw MessageDecoder.TooLarge(maxMessageSize);
        }
    }
}
