using CustomerInsights.ServiceDefaults.Events.Receiving;
using CustomerInsights.ServiceDefaults.Events.Sending;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Outbox, inbox and subscriptions of one service.</summary>
internal static class EventComposition
{
    /// <summary>Adds publishing and the loops around it.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="appId">The service.</param>
    /// <param name="bus">The bus of the process; starting and stopping it is the process's task.</param>
    public static void AddEvents(this IServiceCollection services, string appId, EventBus bus)
    {
        services.AddMetrics();
        services.TryAddSingleton(Random.Shared);
        services.AddSingleton(container => new ServiceMetrics(container.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), appId));
        services.AddSingleton(bus);
        services.AddSingleton<WakeSignal>();
        services.AddSingleton(container => new EventPublisher(
            appId, container.GetRequiredService<IdGenerator>(), container.GetRequiredService<TimeProvider>(), container.GetRequiredService<WakeSignal>()));
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<DispatchOutbox>();
        services.AddSingleton<DeadLetterStore>();
        services.AddHostedService<ConnectSubscriptions>();
        services.AddHostedService<OutboxLoop>();
        services.AddHostedService<CleanUpEvents>();
    }

    /// <summary>Subscribes a service to a topic; the handler comes from a scope of its own for each event.</summary>
    public static void AddSubscription<TData, THandler>(this IServiceCollection services, string appId, string topic)
        where TData : class, IMessage<TData>, new()
        where THandler : class, IEventHandler<TData>
    {
        services.TryAddScoped<THandler>();
        services.AddSingleton(container =>
        {
            var consume = new ConsumeEvent<TData, THandler>(
                topic,
                container.GetRequiredService<Database>(),
                container.GetRequiredService<IServiceScopeFactory>(),
                container.GetRequiredService<ServiceMetrics>(),
                container.GetRequiredService<TimeProvider>(),
                container.GetRequiredService<ILoggerFactory>().CreateLogger("CustomerInsights.Events"));
            return new EventSubscription(appId, topic, consume.RunAsync)
            {
                KeepDeadLetterAsync = (letter, cancellationToken) => container.GetRequiredService<DeadLetterStore>().AddAsync(topic, letter, cancellationToken),
            };
        });
    }
}
