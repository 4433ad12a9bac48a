using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Workers.Webhook;

/// <summary>Where batches may go: by TLS, or by plain HTTP to a stand-in that is allowed by name.</summary>
internal static class WebhookAddress
{
    /// <summary>The address of a URL, or a refusal.</summary>
    public static Result<Uri> Resolve(string url, IReadOnlyCollection<string> allowedSandboxHosts) =>
        url.Length <= WebhookLimits.UrlLength && Uri.TryCreate(url, UriKind.Absolute, out var address) && IsAllowed(address, allowedSandboxHosts)
            ? address
            : Refusal.Precondition(WebhookReasons.UrlNotAllowed, WebhookReasons.Explain(WebhookReasons.UrlNotAllowed));

    private static bool IsAllowed(Uri address, IReadOnlyCollection<string> allowedSandboxHosts) =>
        address is { UserInfo: "", Fragment: "" }
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && allowedSandboxHosts.Contains(address.Authority, StringComparer.OrdinalIgnoreCase)));
}
