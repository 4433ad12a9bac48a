using CustomerInsights.ServiceDefaults.Events.Transports;
using Microsoft.Extensions.Hosting;

namespace CustomerInsights.ServiceDefaults.Events.Receiving;

/// <summary>Connects a service's subscriptions to the bus of the process; that one starts when all services have.</summary>
internal sealed class ConnectSubscriptions(EventBus bus, IEnumerable<EventSubscription> subscriptions) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var subscription in subscriptions)
        {
            bus.Subscribe(subscription);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
