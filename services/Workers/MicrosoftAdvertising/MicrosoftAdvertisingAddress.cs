namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>Where calls and files may go: by TLS, or by plain HTTP to a stand-in that is allowed by name.</summary>
internal static class MicrosoftAdvertisingAddress
{
    /// <summary>Whether something may be sent to the address, or read from it. Addresses of files come from outside and have any host name.</summary>
    public static bool IsAllowed(string address, IReadOnlyCollection<string> allowedSandboxHosts) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && allowedSandboxHosts.Contains(uri.Authority, StringComparer.OrdinalIgnoreCase)));
}
