using System.Buffers;
using System.Text;

namespace CustomerInsights.Rpc.Wire;

/// <summary>The value of "grpc-message": UTF-8 with percent-encoding.</summary>
internal static class StatusMessage
{
    /// <summary>Peers drop a response whose trailers outgrow their header limit, so a longer text is cut.</summary>
    public const int MaxCharacters = 4096;

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c != '%').ToArray());

    public static string Encode(string message)
    {
        var text = message.AsSpan(0, Math.Min(message.Length, MaxCharacters));
        if (!text.ContainsAnyExcept(Plain) && !HasBlankEnd(text))
        {
            return text.Length == message.Length ? message : text.ToString();
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        var encoded = new StringBuilder(bytes.Length + 16);
        for (var i = 0; i < bytes.Length; i++)
        {
            // Blanks inside are plain, but at the ends a peer may strip them.
            var isPlain = Plain.Contains((char)bytes[i]) && (bytes[i] != ' ' || (i > 0 && i < bytes.Length - 1));
            _ = isPlain ? encoded.Append((char)bytes[i]) : encoded.Append('%').Append(bytes[i].ToString("X2", null));
        }

        return encoded.ToString();
    }

    /// <summary>Never fails: what isn't an escape stays as it is.</summary>
    public static string Decode(string message) => message.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(message) : message;

    private static bool HasBlankEnd(ReadOnlySpan<char> text) => text.Length > 0 && (text[0] == ' ' || text[^1] == ' ');
}
