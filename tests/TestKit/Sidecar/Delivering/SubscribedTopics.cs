using CustomerInsights.TestKit.Sidecar.Brokers;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>The subscriptions of an app: those declared, and those it lists. They end while the app is ill.</summary>
internal sealed class SubscribedTopics(SidecarOptions options, AppChannel app, IReadOnlyDictionary<string, IPubSub> pubSubs)
{
    private readonly Lock _lock = new();
    private readonly List<(SidecarSubscription Subscription, DeliverEvent Delivery, IAsyncDisposable Consumer)> _active = [];
    private IReadOnlyList<SidecarSubscription>? _all;

    public IReadOnlyList<SidecarSubscription> Active
    {
        get
        {
            lock (_lock)
            {
                return [.. _active.Select(active => active.Subscription)];
            }
        }
    }

    /// <summary>The app is asked once for all its life; what its sidecar may not subscribe to is left out.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        _all ??= [.. options.Subscriptions, .. await app.ListSubscriptionsAsync(cancellationToken)];
        foreach (var subscription in _all.Where(IsAllowed))
        {
            var delivery = new DeliverEvent(options, subscription, app, pubSubs[subscription.PubSub]);
            var consumer = await pubSubs[subscription.PubSub].SubscribeAsync(subscription, delivery.HandleAsync, cancellationToken);
            lock (_lock)
            {
                _active.Add((subscription, delivery, consumer));
            }
        }
    }

    /// <summary>Takes nothing more, waits for what is under way, gives back the rest.</summary>
    public async Task EndAsync(TimeSpan drain)
    {
        List<(SidecarSubscription Subscription, DeliverEvent Delivery, IAsyncDisposable Consumer)> ending;
        lock (_lock)
        {
            ending = [.. _active];
            _active.Clear();
        }

        await Task.WhenAll(ending.Select(active => active.Delivery.DrainAsync(drain)));
        foreach (var active in ending)
        {
            await active.Consumer.DisposeAsync();
        }
    }

    private bool IsAllowed(SidecarSubscription subscription) =>
        pubSubs.ContainsKey(subscription.PubSub)
        && options.Components.First(component => component.Name == subscription.PubSub).Allows("subscriptionScopes", options.AppId, subscription.Topic);
}
