using System.Text;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>One page of a list: at most <paramref name="Size"/> items after the key <paramref name="After"/>.</summary>
/// <param name="Size">1 to 1000.</param>
/// <param name="After">The last key of the previous page; empty for the first.</param>
public sealed record Paging(int Size, string After)
{
    private const int DefaultSize = 100;
    private const int MaxSize = 1000;
    private const string Prefix = "v1:";

    /// <summary>Reads page_size and page_token of a request; adds violations for bad ones.</summary>
    public static Paging Parse(int pageSize, string pageToken, Violations violations)
    {
        violations.Check(pageSize is >= 0 and <= MaxSize, "page_size", $"must be 0 to {MaxSize}; 0 means {DefaultSize}.");
        var after = Decode(pageToken);
        violations.Check(after is not null, "page_token", "is not a token of this list; leave it empty to start from the first page.");
        return new Paging(pageSize is > 0 and <= MaxSize ? pageSize : DefaultSize, after ?? "");
    }

    /// <summary>The token for the page after this one, given one item more than the page was read; empty when that item is missing.</summary>
    public string NextToken<T>(IReadOnlyList<T> itemsAndOneMore, Func<T, string> key) =>
        itemsAndOneMore.Count > Size ? Convert.ToBase64String(Encoding.UTF8.GetBytes(Prefix + key(itemsAndOneMore[Size - 1]))) : "";

    private static string? Decode(string token)
    {
        if (token.Length == 0)
        {
            return "";
        }

        var buffer = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, buffer, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(buffer, 0, length);
        return text.StartsWith(Prefix, StringComparison.Ordinal) && !text.Any(char.IsControl) ? text[Prefix.Length..] : null;
    }
}
