using System.Buffers;

namespace CustomerInsights.Destinations.Mapping;

/// <summary>
/// Whether an address is worth sending: one "@", 1 to 64 characters before it, a domain of at least two labels after it, no
/// white space, quotes or separators, at most 254 characters, no dot at an end or twice in a row. Quoted local parts and
/// address literals are valid by the letter of the standard, but no mail service that destinations work with takes them.
/// </summary>
public static class EmailAddress
{
    private const int MaxLength = 254;
    private const int MaxLocalPart = 64;
    private const int MaxLabel = 63;
    private static readonly SearchValues<char> Forbidden = SearchValues.Create(" \t\r\n\"\\,;:<>()[]@\u00a0");

    public static bool IsValid(ReadOnlySpan<char> address)
    {
        var at = address.IndexOf('@');
        if (address.Length > MaxLength || at is < 1 or > MaxLocalPart)
        {
            return false;
        }

        var local = address[..at];
        return !local.ContainsAny(Forbidden) && !HasStrayDot(local) && IsDomain(address[(at + 1)..]);
    }

    private static bool IsDomain(ReadOnlySpan<char> domain)
    {
        if (domain.ContainsAny(Forbidden) || HasStrayDot(domain) || !domain.Contains('.'))
        {
            return false;
        }

        foreach (var label in domain.Split('.'))
        {
            if (domain[label] is not { Length: <= MaxLabel } text || text[0] == '-' || text[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasStrayDot(ReadOnlySpan<char> text) =>
        text.IsEmpty || text[0] == '.' || text[^1] == '.' || text.IndexOf("..") >= 0;
}
