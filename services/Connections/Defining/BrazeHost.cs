using System.Text.RegularExpressions;

namespace CustomerInsights.Connections.Defining;

/// <summary>
/// A host that Braze connections may name: "rest.{instance}.braze.com" or ".braze.eu", or a sandbox that an operator has
/// allowed (BRZ-3). Nothing else is ever called, so the service cannot be used to reach into its own network.
/// </summary>
internal sealed partial record BrazeHost(string Value, bool IsSandbox)
{
    public const string Shape = "must be a bare host such as \"rest.iad-03.braze.com\" or \"rest.fra-01.braze.eu\": no path, no port, no address in numbers.";
    private const int MaxLength = 255;

    /// <summary>Where requests go: https, or plain http to a sandbox.</summary>
    public Uri Address => new($"{(IsSandbox ? Uri.UriSchemeHttp : Uri.UriSchemeHttps)}://{Value}/");

    /// <summary>Strips what people paste with a host (scheme, trailing slash, capitals); null when the rest is no allowed host.</summary>
    public static BrazeHost? Parse(string text, IReadOnlyList<string> allowedSandboxHosts)
    {
        if (text.Length > MaxLength)
        {
            return null;
        }

        var host = Scheme().Replace(text.Trim(), "").TrimEnd('/').ToLowerInvariant();
        if (allowedSandboxHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return new BrazeHost(host, IsSandbox: true);
        }

        return Real().IsMatch(host) ? new BrazeHost(host, IsSandbox: false) : null;
    }

    [GeneratedRegex("^https?://", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    // \z, not $, which would allow a line break at the end.
    [GeneratedRegex(@"^rest\.[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.braze\.(?:com|eu)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Real();
}
