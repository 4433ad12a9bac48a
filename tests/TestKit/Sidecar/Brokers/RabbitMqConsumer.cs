using System.Collections.Concurrent;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>Takes the messages of one queue, all that the prefetch allows at a time, and comes back whenever the broker does.</summary>
internal sealed class RabbitMqConsumer(
    RabbitMqQueue queue,
    Func<BrokerMessage, CancellationToken, Task<Settlement>> handle,
    Func<CancellationToken, Task<IConnection>> connect,
    RabbitMqSettings settings,
    TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    /// <summary>Returns when the queue is there and messages may come.</summary>
    public Task BeginAsync(CancellationToken cancellationToken)
    {
        _loop = Task.Run(ConsumeForeverAsync, cancellationToken);
        return _begun.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task ConsumeForeverAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(_stopping.Token);
            }
            catch (Exception exception) when (RabbitMqPubSub.IsOutage(exception))
            {
                await Task.Delay(settings.ReconnectWait, time, _stopping.Token);
            }
            catch (NotSupportedException exception)
            {
                _begun.TrySetException(exception);
                return;
            }
        }
    }

    // On a channel of its own: when that closes, what was neither acknowledged nor rejected goes back to the queue.
    private async Task ConsumeAsync(CancellationToken cancellationToken)
    {
        var connection = await connect(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await queue.DeclareAsync(channel, cancellationToken);
        if (settings.Prefetch > 0)
        {
            await channel.BasicQosAsync(0, settings.Prefetch, global: false, cancellationToken);
        }

        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, _) => Task.FromResult(closed.TrySetResult());
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            Start(channel, delivery, cancellationToken);
            return Task.CompletedTask;
        };
        var tag = await channel.BasicConsumeAsync(queue.Name, settings.AcknowledgesAtOnce, consumer, cancellationToken);
        _begun.TrySetResult();
        await closed.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (channel.IsOpen)
        {
            await channel.BasicCancelAsync(tag, cancellationToken: CancellationToken.None);
        }

        await Task.WhenAll(_running.Keys);
    }

    private void Start(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken cancellationToken)
    {
        // The bytes belong to the client as soon as this returns.
        var message = new BrokerMessage(queue.Topic, delivery.Body.ToArray(), MetadataOf(delivery.BasicProperties));
        var tag = delivery.DeliveryTag;
        var running = Task.Run(() => HandleAsync(channel, tag, message, cancellationToken), CancellationToken.None);
        _running[running] = true;
        _ = running.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task HandleAsync(IChannel channel, ulong tag, BrokerMessage message, CancellationToken cancellationToken)
    {
        var settlement = await handle(message, cancellationToken);
        if (settings.AcknowledgesAtOnce || settlement == Settlement.Leave || !channel.IsOpen)
        {
            return;
        }

        try
        {
            await (settlement == Settlement.Acknowledge
                ? channel.BasicAckAsync(tag, multiple: false, CancellationToken.None)
                : channel.BasicNackAsync(tag, multiple: false, settings.RequeuesFailures, CancellationToken.None));
        }
        catch (Exception exception) when (RabbitMqPubSub.IsOutage(exception))
        {
            // It comes again.
            return;
        }
    }

    private static Dictionary<string, string> MetadataOf(IReadOnlyBasicProperties properties)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in new[]
        {
            ("messageid", properties.MessageId), ("correlationid", properties.CorrelationId), ("type", properties.Type), ("contenttype", properties.ContentType),
        })
        {
            if (!string.IsNullOrEmpty(value))
            {
                metadata[name] = value;
            }
        }

        return metadata;
    }
}
