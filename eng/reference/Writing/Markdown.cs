using System.Text;

namespace CustomerInsights.Reference.Writing;

/// <summary>Text as Markdown shows it: unchanged.</summary>
internal static class Markdown
{
    private const string Special = @"\<>*|[]";

    /// <summary>The text, with what Markdown would take for its own escaped; code between backticks stays code.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        var isCode = false;
        foreach (var character in text)
        {
            isCode ^= character == '`';
            if (!isCode && Special.Contains(character, StringComparison.Ordinal))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }

    /// <summary>The anchor that a heading gets: lower case, blanks become hyphens, other punctuation goes.</summary>
    public static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant()
        .Where(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or ' ')
        .Select(character => character == ' ' ? '-' : character));
}
