using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Sidecar;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>
/// What all services of a process publish to and hear from. Each service subscribes while it is put together; the bus
/// starts when they all have.
/// </summary>
internal sealed class EventBus : IAsyncDisposable
{
    private readonly List<EventSubscription> _subscriptions = [];
    private IEventTransport? _transport;
    private volatile bool _isStopping;

    /// <summary>Whether events can leave and arrive right now; readiness shows it.</summary>
    public bool IsReady => _transport is { IsReady: true };

    /// <summary>Whether it was told to stop: not being ready is no failure from then on.</summary>
    public bool IsStopping => _isStopping;

    /// <summary>The transport that a sidecar delivers to; null when events come another way.</summary>
    public DaprTransport? Pushed => _transport as DaprTransport;

    /// <summary>How long a publish may take before it counts as failed.</summary>
    public TimeSpan PublishTimeout => Started.PublishTimeout;

    private IEventTransport Started => _transport ?? throw new InvalidOperationException("The event bus is not started.");

    public void Subscribe(EventSubscription subscription)
    {
        if (_transport is not null)
        {
            throw new InvalidOperationException($"{subscription.Queue}: the event bus has started; subscribe before.");
        }

        if (_subscriptions.Any(known => known.Queue == subscription.Queue))
        {
            throw new InvalidOperationException($"{subscription.AppId} subscribes to {subscription.Topic} twice; one handler each.");
        }

        _subscriptions.Add(subscription);
    }

    /// <summary>Starts on the transport that the options ask for, without waiting for a broker, which may be down.</summary>
    public Task StartAsync(EventBusSettings settings, TimeProvider time, Random random, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var options = settings.Events;
        return StartAsync(
            options.Transport switch
            {
                EventTransportKind.InMemory => new InMemoryTransport(_subscriptions, time, random, loggers),
                EventTransportKind.RabbitMq => new RabbitMqTransport(
                    options.RabbitMq.Uri ?? throw new InvalidOperationException("Events:RabbitMq:Uri is not set."), _subscriptions, time, random, loggers),
                EventTransportKind.Dapr when _subscriptions.Select(subscription => subscription.AppId).Distinct().Count() > 1 =>
                    throw new StartRefusedException(["Events:Transport Dapr needs a process for each service: a sidecar has one app id."]),
                EventTransportKind.Dapr => new DaprTransport(new SidecarClient(settings.Sidecar), options.Dapr, _subscriptions, time, random, loggers),
                _ => throw new InvalidOperationException($"Events:Transport {options.Transport} is unknown."),
            },
            cancellationToken);
    }

    /// <summary>Starts on a given transport.</summary>
    internal Task StartAsync(IEventTransport transport, CancellationToken cancellationToken)
    {
        _transport = transport;
        return transport.StartAsync(cancellationToken);
    }

    /// <summary>Takes no more events, and waits for those being handled until the token fires.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        return _transport?.StopAsync(cancellationToken) ?? Task.CompletedTask;
    }

    /// <summary>Completes when the event is in safe hands; throws when that is not certain.</summary>
    public Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken) => Started.PublishAsync(outgoing, cancellationToken);

    public ValueTask DisposeAsync() => _transport?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>What decides how events travel.</summary>
internal sealed record EventBusSettings(EventOptions Events, SidecarOptions Sidecar);
