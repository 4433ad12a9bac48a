using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CustomerInsights.Destinations.Mapping;

/// <summary>128 bits of a SHA-256: two payloads with the same one are taken for equal.</summary>
internal readonly record struct Fingerprint(long High, long Low)
{
    /// <summary>Longest key that is hashed without borrowing memory.</summary>
    private const int StackBytes = 512;

    public static Fingerprint Of(ReadOnlySpan<byte> payload)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return new Fingerprint(BinaryPrimitives.ReadInt64BigEndian(hash), BinaryPrimitives.ReadInt64BigEndian(hash[8..]));
    }

    public static Fingerprint Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public override string ToString() => $"{High:x16}{Low:x16}";

    /// <summary>
    /// 64 bits that find a matching key in an index. Stored, so it never changes. Collisions cost a comparison and
    /// nothing else: keys are always compared in full.
    /// </summary>
    public static long OfKey(string key)
    {
        var length = Encoding.UTF8.GetMaxByteCount(key.Length);
        var bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        bytes = bytes[..Encoding.UTF8.GetBytes(key, bytes)];

        // FNV-1a, then a finalizer that spreads the low bits.
        var hash = 14695981039346656037UL;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return unchecked((long)(hash ^ (hash >> 33)));
    }
}
