using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;

namespace CustomerInsights.Rpc.Wire;

/// <summary>Checks the prefixes of one direction of a call and turns payloads into messages.</summary>
/// <param name="maxMessageSize">In bytes, also after decompression; null for no limit.</param>
/// <param name="encoding">What the peer announced in "grpc-encoding", if anything.</param>
internal sealed class MessageDecoder(int? maxMessageSize, string? encoding) : DeserializationContext
{
    public const int PrefixLength = 5;

    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => (int)_payload.Length;

    public static bool Supports(string? encoding) => encoding is null or HeaderNames.Identity or HeaderNames.Gzip;

    /// <summary>Reads a prefix and refuses it before any of its payload is waited for.</summary>
    /// <exception cref="RpcException">The message is too large, or its flag has no meaning.</exception>
    public int ReadPrefix(ReadOnlySpan<byte> prefix, out bool isCompressed)
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        isCompressed = prefix[0] == 1;
        return prefix[0] switch
        {
            > 1 => throw Broken("The message has an unknown flag."),
            1 when encoding is null or HeaderNames.Identity => throw Broken("The message is compressed without an encoding."),
            _ when length > (maxMessageSize ?? int.MaxValue) => throw TooLarge(maxMessageSize),
            _ => (int)length,
        };
    }

    /// <exception cref="RpcException">The payload can't be decompressed or parsed.</exception>
    public T Decode<T>(Marshaller<T> marshaller, ReadOnlySequence<byte> payload, bool isCompressed)
    {
        try
        {
            _payload = isCompressed ? new ReadOnlySequence<byte>(Gzip.Decompress(payload, maxMessageSize)) : payload;
            return marshaller.ContextualDeserializer(this);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidDataException)
        {
            throw Broken("The message can't be parsed.", exception);
        }
        finally
        {
            // The buffer behind it is about to be used again.
            _payload = default;
        }
    }

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public static RpcException Incomplete() => Broken("The stream ended inside a message.");

    public static RpcException WrongCount(string text) => new(new Status(StatusCode.Unimplemented, text));

    public static RpcException TooLarge(int? limit) =>
        new(new Status(StatusCode.ResourceExhausted, $"The message is larger than {limit ?? int.MaxValue} bytes."));

    private static RpcException Broken(string text, Exception? exception = null) => new(new Status(StatusCode.Internal, text, exception));
}
