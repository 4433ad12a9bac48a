using System.Diagnostics.CodeAnalysis;

namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>Parses names such as "environments/contoso/segments/vip" against a pattern with "*" for each id.</summary>
public static class ResourceName
{
    private const int MaxIdLength = 60;

    /// <summary>The ids in the places of "*", or null when the name does not fit the pattern or an id is malformed.</summary>
    public static string[]? Parse(string pattern, string? name)
    {
        var wanted = pattern.Split('/');
        var given = (name ?? "").Split('/');
        if (given.Length != wanted.Length)
        {
            return null;
        }

        var ids = new List<string>(wanted.Length / 2);
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == "*")
            {
                if (!IsId(given[i]))
                {
                    return null;
                }

                ids.Add(given[i]);
            }
            else if (wanted[i] != given[i])
            {
                return null;
            }
        }

        return [.. ids];
    }

    /// <summary>The environment id at the front of any resource name, or null.</summary>
    public static string? EnvironmentOf(string? name)
    {
        var parts = (name ?? "").Split('/', 3);
        return parts.Length >= 2 && parts[0] == "environments" && IsId(parts[1]) ? parts[1] : null;
    }

    /// <summary>Whether a text is a resource id: a-z, 0-9 and "-", not starting with "-", at most 60 characters.</summary>
    public static bool IsId([NotNullWhen(true)] string? id) =>
        id is { Length: > 0 and <= MaxIdLength } && id[0] != '-' && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>Whether a text may become the id of a new resource: an id that starts with a letter.</summary>
    public static bool IsNewId([NotNullWhen(true)] string? id, int minLength = 1, int maxLength = MaxIdLength) =>
        IsId(id) && char.IsAsciiLetterLower(id[0]) && id.Length >= minLength && id.Length <= maxLength;
}
