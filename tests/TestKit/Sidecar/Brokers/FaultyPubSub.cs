namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>Lets go wrong what every component can get wrong.</summary>
internal sealed class FaultyPubSub(IPubSub inner, BrokerFaults faults, TimeProvider time) : IPubSub
{
    public bool ExpiresMessages => inner.ExpiresMessages;

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        if (faults.PublishDelay > TimeSpan.Zero)
        {
            await Task.Delay(faults.PublishDelay, time, cancellationToken);
        }

        if (!faults.SwallowsPublishes)
        {
            await inner.PublishAsync(message, cancellationToken);
        }
    }

    public Task<IAsyncDisposable> SubscribeAsync(
        SidecarSubscription subscription, Func<BrokerMessage, CancellationToken, Task<Settlement>> handle, CancellationToken cancellationToken) =>
        inner.SubscribeAsync(
            subscription,
            async (message, stopping) =>
            {
                if (faults.DeliversTwice)
                {
                    await handle(message, stopping);
                }

                return await handle(message, stopping);
            },
            cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
