using System.Collections.Concurrent;
using System.Globalization;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>
/// MassTransit's in-memory bus for all services of one process. Its queues die with the process, so a publish completes
/// only when every subscriber has committed: until then the event is safe in the outbox of its sender.
/// </summary>
internal sealed class InMemoryTransport(IReadOnlyList<EventSubscription> subscriptions, TimeProvider time, Random random, ILoggerFactory loggers) : IEventTransport
{
    private const string DeliveryHeader = "delivery";

    private readonly ConcurrentDictionary<string, Delivery> _deliveries = new();
    private long _deliveryCount;
    private readonly CancellationTokenSource _stopping = new();

    // The bus takes a send after its stop for a fault and logs an error, so none may begin any more, and none be under way.
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ILogger _logger = loggers.CreateLogger<InMemoryTransport>();
    private IBusControl? _bus;

    public bool IsReady => _bus is not null && !_stopping.IsCancellationRequested;

    // Subscribers of the same process wait for a long writer of their database; that is no failure.
    public TimeSpan PublishTimeout => TimeSpan.FromSeconds(60);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        LogContext.ConfigureCurrentLogContext(loggers);
        var bus = Bus.Factory.CreateUsingInMemory(configure =>
        {
            EventEndpoint.UseCloudEvents(configure);
            foreach (var subscription in subscriptions)
            {
                configure.ReceiveEndpoint(subscription.Queue, endpoint =>
                {
                    endpoint.Bind(subscription.Topic);
                    EventEndpoint.Configure(endpoint, context => ConsumeAsync(subscription, context));
                });
            }
        });
        await bus.StartAsync(cancellationToken);
        _bus = bus;
    }

    public async Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        var bus = _bus ?? throw new InvalidOperationException("The transport is not started.");
        var subscribers = subscriptions.Count(subscription => subscription.Topic == outgoing.Topic);
        if (subscribers == 0)
        {
            return;
        }

        var id = Interlocked.Increment(ref _deliveryCount).ToString(CultureInfo.InvariantCulture);
        var delivery = new Delivery(subscribers);
        _deliveries[id] = delivery;
        try
        {
            await SendAsync(bus, outgoing, id, cancellationToken);
            await delivery.Completed.WaitAsync(cancellationToken);
        }
        finally
        {
            _deliveries.TryRemove(id, out _);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _bus is null)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _sending.WaitAsync(cancellationToken);
        _sending.Release();
        await _bus.StopAsync(cancellationToken);

        // What still lay in a queue will not be handled any more.
        foreach (var delivery in _deliveries.Values)
        {
            delivery.Failed(new TransportStoppedException());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
        _sending.Dispose();
    }

    private async Task SendAsync(IBusControl bus, OutgoingEvent outgoing, string delivery, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (_stopping.IsCancellationRequested)
            {
                throw new TransportStoppedException();
            }

            // Into memory takes no time, and the bus would report a send that was cancelled as a fault, too.
            var exchange = await bus.GetSendEndpoint(new Uri($"exchange:{outgoing.Topic}"));
            await exchange.Send(new EventMessage(outgoing.Body.ToArray()), context => context.Headers.Set(DeliveryHeader, delivery), CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ConsumeAsync(EventSubscription subscription, ConsumeContext<EventMessage> context)
    {
        var delivery = context.Headers.Get<string>(DeliveryHeader) is { } id && _deliveries.TryGetValue(id, out var found) ? found : null;
        EventOutcome outcome;
        try
        {
            outcome = await new ConsumeWithRetries(ConsumeWithRetries.Short, time, random, _logger).RunAsync(subscription, context.Message.Body, _stopping.Token);
            delivery?.Succeeded();
        }
        catch (Exception exception)
        {
            // The sender hears of it and publishes again; nothing to give back to a queue.
            delivery?.Failed(new EventNotHandledException(exception));
            return;
        }

        if (outcome.DeadLetterReason is { } reason)
        {
            throw new DeadLetterException(reason);
        }
    }

    /// <summary>Waits for the answers of all subscribers to one event.</summary>
    private sealed class Delivery(int subscribers)
    {
        private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _missing = subscribers;

        public Task Completed => _completed.Task;

        public void Succeeded()
        {
            if (Interlocked.Decrement(ref _missing) == 0)
            {
                _completed.TrySetResult();
            }
        }

        public void Failed(Exception exception) => _completed.TrySetException(exception);
    }
}

/// <summary>A subscriber in the same process could not handle an event; the sender publishes it again.</summary>
internal sealed class EventNotHandledException(Exception cause) : Exception("A subscriber failed.", cause);

/// <summary>The process stops; what it still has to publish stays in the outbox.</summary>
internal sealed class TransportStoppedException() : Exception("The bus has stopped.");
