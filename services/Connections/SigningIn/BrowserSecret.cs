using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>What only a browser shall know: made here, kept as a hash.</summary>
internal static class BrowserSecret
{
    private const int Bytes = 32;
    private const int MaxLength = 200;

    /// <summary>43 characters that nobody guesses and every address carries.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string HashOf(string text) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether the text is what was hashed; takes as long whichever character differs.</summary>
    public static bool Fits(string? text, string hash) =>
        text is { Length: > 0 and <= MaxLength } && hash.Length > 0 && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(HashOf(text)), Encoding.ASCII.GetBytes(hash));
}
