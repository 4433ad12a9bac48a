using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>A SHA-256 in 32 bytes. Millions of them are kept, so it is no text.</summary>
internal readonly record struct HashedAddress : IComparable<HashedAddress>
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    /// <summary>Characters of its text.</summary>
    public const int TextLength = 64;

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    // In the order of the bytes, so that comparing numbers compares texts.
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    public HashedAddress(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (_first, _second, _third, _fourth) = (Order(words[0]), Order(words[1]), Order(words[2]), Order(words[3]));
    }

    /// <summary>Takes exactly 64 lower-case hexadecimal digits, as the vendor does.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out HashedAddress hash)
    {
        hash = default;
        if (text.Length != TextLength || text.ContainsAnyExcept(Digits))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Size];
        Convert.FromHexString(text, bytes, out _, out _);
        hash = new HashedAddress(bytes);
        return true;
    }

    public static bool TryParse(string? text, out HashedAddress hash)
    {
        hash = default;
        Span<byte> bytes = stackalloc byte[TextLength];
        return text is { Length: TextLength } && Encoding.UTF8.TryGetBytes(text, bytes, out var written) && TryParse(bytes[..written], out hash);
    }

    public void CopyTo(Span<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (words[0], words[1], words[2], words[3]) = (Order(_first), Order(_second), Order(_third), Order(_fourth));
    }

    public void WriteText(Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        Convert.TryToHexStringLower(bytes, text, out _);
    }

    public int CompareTo(HashedAddress other) =>
        _first != other._first ? _first.CompareTo(other._first)
        : _second != other._second ? _second.CompareTo(other._second)
        : _third != other._third ? _third.CompareTo(other._third)
        : _fourth.CompareTo(other._fourth);

    // A hash is random already.
    public override int GetHashCode() => (int)_first ^ (int)(_first >> 32);

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static ulong Order(ulong word) => BitConverter.IsLittleEndian ? System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word) : word;
}
