using System.Globalization;
using CustomerInsights.TestKit.Sidecar.Publishing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>
/// The RabbitMQ component of one sidecar: an exchange for each topic, a queue for each app and topic, one channel for all
/// publishes, one after the other. What it reports as success is not always one.
/// </summary>
internal sealed class RabbitMqPubSub(SidecarComponent component, string appId, TimeProvider time) : IPubSub
{
    private const int PublishTries = 3;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private readonly RabbitMqSettings _settings = new(component.Metadata, appId);
    private readonly HashSet<string> _declared = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly SemaphoreSlim _publishing = new(1);
    private readonly CancellationTokenSource _closing = new();
    private IConnection? _connection;
    private IChannel? _channel;
    private Task _leaving = Task.CompletedTask;

    public bool ExpiresMessages => true;

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        _leaving = LeaveWhenAwayAsync();
    }

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await PublishOnceAsync(message, cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOutage(exception))
            {
                if (attempt == PublishTries)
                {
                    throw new BrokerException(exception.Message, exception);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Task.Delay(_channel is { IsOpen: true } ? BetweenTries : _settings.ReconnectWait, time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Whoever waited has gone, which counts as success.
                return;
            }
        }
    }

    public async Task<IAsyncDisposable> SubscribeAsync(
        SidecarSubscription subscription, Func<BrokerMessage, CancellationToken, Task<Settlement>> handle, CancellationToken cancellationToken)
    {
        var queue = new RabbitMqQueue(_settings, subscription);
        var consumer = new RabbitMqConsumer(queue, handle, OpenAsync, _settings, time);
        await consumer.BeginAsync(cancellationToken);
        return consumer;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _leaving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await CloseAsync();
    }

    /// <summary>What the client throws when the broker is not there, or does not like what it is told.</summary>
    internal static bool IsOutage(Exception exception) =>
        exception is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException or IOException or BrokerException or ObjectDisposedException;

    private async Task PublishOnceAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        await _publishing.WaitAsync(cancellationToken);
        try
        {
            var connection = await OpenAsync(cancellationToken);
            if (_channel is not { IsOpen: true })
            {
                _declared.Clear();
                _channel = await connection.CreateChannelAsync(new CreateChannelOptions(_settings.ConfirmsPublishes, _settings.ConfirmsPublishes), cancellationToken);
            }

            if (_declared.Add(message.Topic))
            {
                await _channel.ExchangeDeclareAsync(
                    message.Topic, _settings.ExchangeKind, _settings.IsDurable, _settings.IsDeletedWhenUnused, cancellationToken: cancellationToken);
            }

            await _channel.BasicPublishAsync(
                message.Topic, message.Metadata.GetValueOrDefault("routingKey") ?? "", mandatory: false, PropertiesOf(message.Metadata), message.Body, cancellationToken);
        }
        catch (PublishException)
        {
            // The broker has refused it. The component notes that in its log and reports success.
            return;
        }
        finally
        {
            _publishing.Release();
        }
    }

    private BasicProperties PropertiesOf(IReadOnlyDictionary<string, string> metadata) => new()
    {
        ContentType = metadata.GetValueOrDefault("contentType") ?? "text/plain",
        DeliveryMode = _settings.IsPersistent ? DeliveryModes.Persistent : DeliveryModes.Transient,
        Expiration = CloudEventEnvelope.TimeToLive(metadata) is { } life ? life.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture) : null,
        MessageId = metadata.GetValueOrDefault("messageID"),
        CorrelationId = metadata.GetValueOrDefault("correlationID"),
        Type = metadata.GetValueOrDefault("type"),
    };

    private async Task<IConnection> OpenAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            if (component.Faults.IsAway || _closing.IsCancellationRequested)
            {
                throw new BrokerException("channel/connection is not open");
            }

            if (_connection is not { IsOpen: true })
            {
                var factory = new ConnectionFactory { Uri = _settings.Address, AutomaticRecoveryEnabled = false, ClientProvidedName = $"sidecar of {appId}" };
                _connection = await factory.CreateConnectionAsync(cancellationToken);
            }

            return _connection;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task LeaveWhenAwayAsync()
    {
        while (true)
        {
            await component.Faults.GoneAsync(_closing.Token);
            await CloseAsync();
            await component.Faults.BackAsync(_closing.Token);
        }
    }

    // Without a word, so that the broker delivers again what was not acknowledged.
    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            await connection.AbortAsync(TimeSpan.FromSeconds(5));
            await connection.DisposeAsync();
        }
    }
}
