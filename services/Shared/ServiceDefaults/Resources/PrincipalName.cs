namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>Names of principals: "user:{id}", "group:{id}", "application:{id}".</summary>
public static class PrincipalName
{
    /// <summary>Longest id, in characters: long enough for every issuer's subject.</summary>
    public const int MaxIdLength = 255;

    private static readonly string[] Kinds = ["user", "group", "application"];

    /// <summary>Whether it is a principal of one of these kinds (all kinds when none is given) with a printable id without spaces.</summary>
    public static bool IsValid(string principal, params ReadOnlySpan<string> kinds)
    {
        var colon = principal.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !(kinds.IsEmpty ? Kinds : kinds).Contains(principal[..colon]))
        {
            return false;
        }

        var id = principal[(colon + 1)..];
        return id.Length is > 0 and <= MaxIdLength && id.All(c => c is > ' ' and <= '~');
    }
}
