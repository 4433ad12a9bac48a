using System.Collections.Concurrent;

namespace CustomerInsights.Sandbox.Webhook;

/// <summary>The whole stand-in of webhooks: a receiver for each name that is asked for.</summary>
internal sealed class WebhookSandbox(ulong seed, string secret, TimeProvider time)
{
    public const string MainReceiver = "main";

    /// <summary>Addresses of receivers begin so.</summary>
    public const string Path = "/webhook";

    private readonly ConcurrentDictionary<string, WebhookReceiver> _receivers = new(StringComparer.Ordinal);

    public TimeProvider Time => time;

    public WebhookReceiver Receiver(string name) => _receivers.GetOrAdd(name, _ => new WebhookReceiver(seed, new WebhookSettings { Secret = secret }));
}
