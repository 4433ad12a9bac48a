using System.Buffers.Binary;
using System.Buffers.Text;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Tokens, codes and ids that look random and repeat with the seed.</summary>
internal sealed class SeededSecrets(ulong seed)
{
    private const ulong Stream = 0x4D53_4144;
    private const int Words = 6;
    private long _last;

    /// <summary>A token; the prefix tells a reader what it is.</summary>
    public string Token(string prefix)
    {
        Span<byte> bytes = stackalloc byte[Words * sizeof(ulong)];
        Fill(bytes);
        return prefix + Base64Url.EncodeToString(bytes);
    }

    public string Id()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return new Guid(bytes).ToString();
    }

    private void Fill(Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[i..], SeededRandom.Bits(seed, Stream, (ulong)Interlocked.Increment(ref _last)));
        }
    }
}
