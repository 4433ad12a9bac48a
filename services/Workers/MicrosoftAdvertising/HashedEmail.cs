using System.Security.Cryptography;
using System.Text;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>
/// The only form in which an address leaves (MSA-14): trimmed, lower case, SHA-256, lower-case hexadecimal (MSA-21, D-10). Dots and
/// tags stay: Microsoft Advertising documents no rule for them.
/// </summary>
internal static class HashedEmail
{
    public const int Length = SHA256.HashSizeInBytes * 2;

    private const int LongestAddressBytes = 1_024;

    /// <param name="address">A valid address, which has at most 254 characters.</param>
    public static string Of(ReadOnlySpan<char> address)
    {
        var trimmed = address.Trim();
        Span<char> lower = stackalloc char[trimmed.Length];
        var length = trimmed.ToLowerInvariant(lower);
        Span<byte> bytes = stackalloc byte[LongestAddressBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(lower[..length], bytes)], hash);
        return Convert.ToHexStringLower(hash);
    }
}
