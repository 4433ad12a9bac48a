using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace CustomerInsights.Rpc.Wire;

/// <summary>The one compression we speak.</summary>
internal static class Gzip
{
    private const int ChunkSize = 16 * 1024;
    private const int MinSize = 18;

    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> payload, CompressionLevel level = CompressionLevel.Fastest)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, level, leaveOpen: true))
        {
            gzip.Write(payload);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <exception cref="InvalidDataException">The payload isn't gzip.</exception>
    /// <exception cref="global::Grpc.Core.RpcException">More than the limit came out of it.</exception>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlySequence<byte> payload, int? maxSize)
    {
        if (payload.IsEmpty)
        {
            // What .NET makes of nothing.
            return default;
        }

        var input = payload.ToArray();
        var output = new ArrayBufferWriter<byte>(ChunkSize);
        using var gzip = new GZipStream(new MemoryStream(input, writable: false), CompressionMode.Decompress);
        while (true)
        {
            var read = gzip.Read(output.GetSpan(ChunkSize));
            if (read == 0)
            {
                return IsWhole(input, output.WrittenCount) ? output.WrittenMemory : throw new InvalidDataException("The payload is cut.");
            }

            output.Advance(read);
            if (output.WrittenCount > (maxSize ?? int.MaxValue))
            {
                throw MessageDecoder.TooLarge(maxSize);
            }
        }
    }

    /// <summary>GZipStream takes a cut input for its end; the length at the end of gzip data tells.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> input, int outputLength) =>
        input.Length >= MinSize && BinaryPrimitives.ReadInt32LittleEndian(input[^sizeof(int)..]) == outputLength;
}
