using System.Net.Security;
using System.Security.Authentication;
using CustomerInsights.ServiceDefaults.Resources;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>
/// RabbitMQ through MassTransit: a durable fanout exchange for each topic, a quorum queue for each app and topic, plain
/// CloudEvents in both directions, publisher confirms awaited. The bus is made without a container, so that neither its
/// usage telemetry nor a temporary reply queue comes with it.
/// </summary>
internal sealed partial class RabbitMqTransport(
    Uri address, IReadOnlyList<EventSubscription> subscriptions, TimeProvider time, Random random, ILoggerFactory loggers) : IEventTransport
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A quorum queue gives an event up after 20 deliveries, and a consumer that keeps one for half an hour: https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly Backoff BeforeRedelivery = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));

    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger = loggers.CreateLogger<RabbitMqTransport>();
    private IBusControl? _bus;
    private Task _started = Task.CompletedTask;

    public bool IsReady => _bus is { } bus && !_stopping.IsCancellationRequested && bus.CheckHealth().Status == BusHealthStatus.Healthy;

    public TimeSpan PublishTimeout => TimeSpan.FromSeconds(10);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogContext.ConfigureCurrentLogContext(loggers);
        _bus = Bus.Factory.CreateUsingRabbitMq(Configure);

        // Completes when the broker was reached once, which may be in an hour.
        _started = _bus.StartAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public async Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        var bus = _bus ?? throw new InvalidOperationException("The transport is not started.");
        var exchange = await bus.GetSendEndpoint(new Uri($"exchange:{outgoing.Topic}?type=fanout&durable=true"));
        await exchange.Send(new EventMessage(outgoing.Body.ToArray()), cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _bus is null)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _started.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await _bus.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
    }

    private void Configure(IRabbitMqBusFactoryConfigurator bus)
    {
        var user = address.UserInfo.Split(':', 2);
        var virtualHost = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/'));
        var secure = address.Scheme == "amqps";
        var port = address.Port > 0 ? address.Port : secure ? 5671 : 5672;
        bus.Host(address.Host, (ushort)port, virtualHost.Length == 0 ? "/" : virtualHost, host =>
        {
            host.Username(Uri.UnescapeDataString(user[0]));
            host.Password(Uri.UnescapeDataString(user.ElementAtOrDefault(1) ?? ""));
            host.RequestedConnectionTimeout(ConnectTimeout);
            if (secure)
            {
                // MassTransit lets a chain pass that leads to nobody whom this machine trusts, unless told otherwise.
                host.UseSsl(ssl =>
                {
                    ssl.EnforcePolicyErrors(SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable);

                    // Whatever the system thinks best, and not what was best once.
                    ssl.Protocol = SslProtocols.None;
                });
            }
        });
        EventEndpoint.UseCloudEvents(bus);
        foreach (var subscription in subscriptions)
        {
            bus.ReceiveEndpoint(subscription.Queue, endpoint =>
            {
                endpoint.SetQuorumQueue();
                endpoint.Bind(subscription.Topic);
                EventEndpoint.Configure(endpoint, context => ConsumeAsync(subscription, context.Message.Body));
            });
        }
    }

    private async Task ConsumeAsync(EventSubscription subscription, byte[] body)
    {
        EventOutcome outcome;
        try
        {
            outcome = await new ConsumeWithRetries(Patience, time, random, _logger).RunAsync(subscription, body, _stopping.Token);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            // Thrown on, it goes back to the queue and comes again, perhaps to another replica. Not too soon.
            Log.Redelivered(_logger, subscription.Queue, exception.GetType().Name);
            await Task.Delay(BeforeRedelivery.After(1, random), time, _stopping.Token);
            throw;
        }

        if (outcome.DeadLetterReason is { } reason)
        {
            throw new DeadLetterException(reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An event of {Queue} goes back to the queue: {Kind}")]
        public static partial void Redelivered(ILogger logger, string queue, string kind);
    }
}
