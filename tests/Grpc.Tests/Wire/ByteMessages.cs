using System.Buffers;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Wire;

/// <summary>Messages that are their bytes.</summary>
internal static class ByteMessages
{
    /// <summary>Announces its length and writes to the output, as generated code does.</summary>
    public static Marshaller<byte[]> InPlace { get; } = Marshallers.Create(
        (byte[] bytes, SerializationContext context) =>
        {
            context.SetPayloadLength(bytes.Length);
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        },
        context => context.PayloadAsReadOnlySequence().ToArray());
}
