using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.Webhook;

/// <summary>Where batches may go: by TLS, or by plain HTTP to a stand-in that is allowed by name.</summary>
internal static class WebhookAddress
{
    /// <summary>The address of a URL, or a refusal.</summary>
    public static Result<Uri> Resolve(string url, OutboundRules rules) =>
        url.Length <= WebhookLimits.UrlLength && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Fragment.Length == 0 && rules.Permit(address)
            ? address
            : Refusal.Precondition(WebhookReasons.UrlNotAllowed, WebhookReasons.Explain(WebhookReasons.UrlNotAllowed));
}
