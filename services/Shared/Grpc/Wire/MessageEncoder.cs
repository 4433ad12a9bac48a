using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CustomerInsights.Rpc.Wire;

/// <summary>
/// Writes messages with their prefixes, in place when the serializer knows the length first. A small one has its room from the
/// output in one piece and is handed over when it is complete, or when the serializer asks for more; until then nothing has happened.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="maxMessageSize">In bytes before compression; null for no limit.</param>
internal sealed class MessageEncoder(IBufferWriter<byte> output, int? maxMessageSize) : SerializationContext, IBufferWriter<byte>
{
    /// <summary>With its prefix; well below what a transport hands out in one piece.</summary>
    private const int SmallSize = 1024;

    private ArrayBufferWriter<byte>? _scratch;
    private Memory<byte> _room;
    private int? _announced;
    private int _written;
    private Stage _stage = Stage.Complete;
    private bool _isHandedOver;

    private enum Stage
    {
        Fresh,
        Copied,
        InPlace,
        Complete,
    }

    /// <summary>Set to compress messages.</summary>
    public CompressionLevel? Compression { get; set; }

    /// <summary>A message was left half written: nothing may follow it.</summary>
    public bool IsBroken { get; private set; }

    private Memory<byte> RestOfRoom => _room[(MessageDecoder.PrefixLength + _written)..];

    /// <exception cref="InvalidOperationException">The serializer doesn't complete its message, or writes another number of bytes than it announced.</exception>
    public void Write<T>(Marshaller<T> marshaller, T message)
    {
        (_room, _announced, _written, _stage, _isHandedOver) = (default, null, 0, Stage.Fresh, false);
        try
        {
            marshaller.ContextualSerializer(message, this);
            if (_stage is not Stage.Complete || _scratch is { WrittenCount: > 0 })
            {
                throw Misused("did not complete its message, or wrote on after that");
            }
        }
        catch
        {
            IsBroken = _isHandedOver;
            throw;
        }
        finally
        {
            _stage = Stage.Complete;
            _scratch?.ResetWrittenCount();
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        CheckStage(_stage is Stage.Fresh);
        CheckSize(payloadLength);
        _announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        CheckStage(_stage is not Stage.Complete);
        if (_stage is Stage.Fresh && _announced is { } length && Compression is null)
        {
            BeginInPlace(length);
        }

        if (_stage is Stage.InPlace)
        {
            return this;
        }

        _stage = Stage.Copied;
        return _scratch ??= new ArrayBufferWriter<byte>();
    }

    public override void Complete()
    {
        if (_stage is not Stage.InPlace)
        {
            CheckStage(_stage is not Stage.Complete);
            WriteWhole(_scratch is null ? [] : _scratch.WrittenSpan);
            _scratch?.ResetWrittenCount();
            return;
        }

        if (_written != _announced)
        {
            throw Misused($"wrote {_written} bytes and had announced {_announced}");
        }

        HandRoomOver();
        _stage = Stage.Complete;
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        CheckStage(_stage is Stage.Fresh);
        WriteWhole(payload);
    }

    void IBufferWriter<byte>.Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CheckStage(_stage is Stage.InPlace);
        if (_room.IsEmpty)
        {
            output.Advance(count);
        }
        else
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, RestOfRoom.Length);
        }

        _written += count;
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        MakeRoom(sizeHint);
        return _room.IsEmpty ? output.GetMemory(sizeHint) : RestOfRoom;
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint)
    {
        MakeRoom(sizeHint);
        return _room.IsEmpty ? output.GetSpan(sizeHint) : RestOfRoom.Span;
    }

    private void BeginInPlace(int length)
    {
        var size = MessageDecoder.PrefixLength + length;
        if (size <= SmallSize)
        {
            Reserve(size);
            _room = output.GetMemory(size)[..size];
            WritePrefix(_room.Span, length, isCompressed: false);
        }
        else
        {
            HandPrefixOver(length, isCompressed: false);
        }

        _stage = Stage.InPlace;
    }

    /// <summary>A serializer that asks for more than it has announced gets it from the output, after what it has written.</summary>
    private void MakeRoom(int sizeHint)
    {
        CheckStage(_stage is Stage.InPlace);
        if (!_room.IsEmpty && RestOfRoom.Length < Math.Max(sizeHint, 1))
        {
            HandRoomOver();
        }
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
        CheckSize(payload.Length);
        if (payload.Length != (_announced ?? payload.Length))
        {
            throw Misused($"wrote {payload.Length} bytes and had announced {_announced}");
        }

        if (Compression is { } level && payload.Length > 0)
        {
            var compressed = Gzip.Compress(payload, level);
            HandPrefixOver(compressed.Length, isCompressed: true);
            output.Write(compressed.Span);
        }
        else
        {
            HandPrefixOver(payload.Length, isCompressed: false);
            output.Write(payload);
        }

        _stage = Stage.Complete;
    }

    /// <summary>Tells an output that wants to know it how much is coming.</summary>
    private void Reserve(int size) => (output as RequestBuffer)?.Reserve(size);

    private void HandPrefixOver(int length, bool isCompressed)
    {
        CheckStage(!_isHandedOver);
        Reserve(MessageDecoder.PrefixLength + length);
        _isHandedOver = true;
        WritePrefix(output.GetSpan(MessageDecoder.PrefixLength), length, isCompressed);
        output.Advance(MessageDecoder.PrefixLength);
    }

    private static void WritePrefix(Span<byte> room, int length, bool isCompressed)
    {
        room[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
    }

    private void CheckSize(int length)
    {
        if (length > maxMessageSize)
        {
            throw MessageDecoder.TooLarge(maxMessageSize);
        }
    }

    private static void CheckStage(bool isRight)
    {
        if (!isRight)
        {
            throw Misused("called these methods in an order that makes no message");
        }
    }

    private static InvalidOperationException Misused(string what) => new($"The serializer {what}.");
}
