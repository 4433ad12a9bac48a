using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Watching;

/// <summary>A PromQL expression, taken apart as far as our rules need it.</summary>
internal static partial class Query
{
    private static readonly string[] Words = ["and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool"];

    /// <summary>Series that it asks for.</summary>
    public static IReadOnlyList<string> Series(string expression)
    {
        // In this order: text may hold anything, and braces, groups and ranges hold names that are no series.
        var bare = Range().Replace(Grouping().Replace(Matchers().Replace(Text().Replace(expression, "''"), ""), " "), "");
        return [.. Name().Matches(bare).Where(m => !m.Groups["call"].Success && !Words.Contains(m.Groups["name"].Value)).Select(m => m.Groups["name"].Value).Distinct()];
    }

    /// <summary>Labels by which it chooses or groups.</summary>
    public static IReadOnlyList<string> Labels(string expression)
    {
        var bare = Text().Replace(expression, "''");
        return
        [
            .. Matchers().Matches(bare).SelectMany(m => Matcher().Matches(m.Value)).Select(m => m.Groups[1].Value)
                .Concat(Grouping().Matches(bare).SelectMany(m => m.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
                .Distinct(),
        ];
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Matchers();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\[[^\]]*\]|\boffset\s+\w+")]
    private static partial Regex Range();

    [GeneratedRegex(@"(?<![\w.$])(?<name>[a-zA-Z_:][\w:]*)\b(?<call>\s*\()?")]
    private static partial Regex Name();
}
