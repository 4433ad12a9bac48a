namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>A pub/sub component of one sidecar.</summary>
internal interface IPubSub : IAsyncDisposable
{
    /// <summary>Whether the broker itself lets messages expire. Where it does not, the sidecar notes the time in the event.</summary>
    bool ExpiresMessages { get; }

    Task ConnectAsync(CancellationToken cancellationToken);

    /// <exception cref="BrokerException">The message was not handed over.</exception>
    Task PublishAsync(BrokerMessage message, CancellationToken cancellationToken);

    /// <summary>Begins to take messages; disposing the result ends it, and gives back what was left.</summary>
    Task<IAsyncDisposable> SubscribeAsync(
        SidecarSubscription subscription, Func<BrokerMessage, CancellationToken, Task<Settlement>> handle, CancellationToken cancellationToken);
}

/// <summary>What a broker carries.</summary>
internal sealed record BrokerMessage(string Topic, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Metadata);

/// <summary>What becomes of a message.</summary>
internal enum Settlement
{
    Acknowledge,

    /// <summary>The broker discards it, dead-letters it or requeues it, as the component is set up.</summary>
    Reject,

    /// <summary>Nothing is said about it: it comes again after this sidecar has gone.</summary>
    Leave,
}

/// <summary>The broker did not take a message.</summary>
internal sealed class BrokerException(string message, Exception? inner = null) : Exception(message, inner);
