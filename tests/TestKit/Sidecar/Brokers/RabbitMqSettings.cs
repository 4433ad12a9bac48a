using System.Globalization;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>The metadata of a RabbitMQ component, with the defaults that its code has: two of them are not those of its documentation.</summary>
internal sealed class RabbitMqSettings(IReadOnlyDictionary<string, string> metadata, string appId)
{
    private const int MaxPrefetch = byte.MaxValue;

    public Uri Address => new(metadata["connectionString"]);

    public string ConsumerId => metadata.GetValueOrDefault("consumerID") ?? appId;

    public bool IsDurable => Flag("durable", otherwise: true);

    public bool IsDeletedWhenUnused => Flag("deletedWhenUnused", otherwise: true);

    public bool IsPersistent => metadata.GetValueOrDefault("deliveryMode") == "2";

    public bool ConfirmsPublishes => Flag("publisherConfirm", otherwise: false);

    public bool AcknowledgesAtOnce => Flag("autoAck", otherwise: false);

    public bool RequeuesFailures => Flag("requeueInFailure", otherwise: false);

    public bool HasDeadLetterQueues => Flag("enableDeadLetter", otherwise: false);

    public string ExchangeKind => metadata.GetValueOrDefault("exchangeKind") ?? "fanout";

    /// <summary>0 for no limit.</summary>
    public ushort Prefetch => (ushort)Math.Min(MaxPrefetch, int.Parse(metadata.GetValueOrDefault("prefetchCount") ?? "0", CultureInfo.InvariantCulture));

    public TimeSpan ReconnectWait => TimeSpan.FromSeconds(double.Parse(metadata.GetValueOrDefault("reconnectWaitSeconds") ?? "3", CultureInfo.InvariantCulture));

    private bool Flag(string name, bool otherwise) => metadata.TryGetValue(name, out var text) ? text.Equals("true", StringComparison.OrdinalIgnoreCase) : otherwise;
}
