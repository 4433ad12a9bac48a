using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CustomerInsights.Rpc.Wire;

/// <summary>Writes messages with their prefixes, in place when the serializer knows the length first.</summary>
/// <param name="maxMessageSize">In bytes before compression; null for no limit.</param>
internal sealed class MessageEncoder(IBufferWriter<byte> output, int? maxMessageSize) : SerializationContext
{
    private ArrayBufferWriter<byte>? _scratch;
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
        if (_length is { } length && Compression is null)
        {
            if (!_isInPlace)
            {
                WritePrefix(length, isCompressed: false);
                _isInPlace = true;
            }

            return output;
        }

        return _scratch ??= new ArrayBufferWriter<byte>();
    }

    public override void Complete()
    {
        if (!_isInPlace)
        {
            WriteWhole(_scratch is null ? [] : _scratch.WrittenSpan);
        }
    }

    public override void Complete(byte[] payload) => WriteWhole(payload);

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

    private void WritePrefix(int length, bool isCompressed)
    {
        (output as RequestBuffer)?.Reserve(MessageDecoder.PrefixLength + length);
        var prefix = output.GetSpan(MessageDecoder.PrefixLength);
        prefix[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(MessageDecoder.PrefixLength);
    }

    private void CheckSize(int length)
    {
        if (length > maxMessageSize)
        {
            throw MessageDecoder.TooLarge(maxMessageSize);
        }
    }
}
