using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace CustomerInsights.Sandbox.Braze.Storing;

/// <summary>Compares UTF-8 byte strings, so that a dictionary can be asked with a slice of a request body.</summary>
internal sealed class ByteKeys : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>, IComparer<byte[]>
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static ByteKeys Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        // Eight bytes a step: keys are short and there are millions of them. No defence against chosen collisions is
        // needed on loopback.
        var hash = Multiplier ^ (ulong)alternate.Length;
        while (alternate.Length >= sizeof(ulong))
        {
            hash = (BitOperations.RotateLeft(hash, 29) ^ MemoryMarshal.Read<ulong>(alternate)) * Multiplier;
            alternate = alternate[sizeof(ulong)..];
        }

        foreach (var b in alternate)
        {
            hash = (BitOperations.RotateLeft(hash, 7) ^ b) * Multiplier;
        }

        return (int)(hash ^ (hash >> 32));
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int Compare([AllowNull] byte[] x, [AllowNull] byte[] y) => x.AsSpan().SequenceCompareTo(y);
}
