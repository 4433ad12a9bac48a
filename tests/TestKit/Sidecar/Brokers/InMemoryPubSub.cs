using System.Collections.Concurrent;
using System.Globalization;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>
/// A sidecar's access to the in-memory broker. Unlike Dapr's component of this name it reaches other sidecars of the network, and
/// keeps what is not settled; "prefetchCount" and "requeueInFailure" mean what they mean to the RabbitMQ component.
/// </summary>
internal sealed class InMemoryPubSub(SidecarComponent component, string appId, InMemoryBroker broker) : IPubSub
{
    private readonly string _consumer = component.Metadata.GetValueOrDefault("consumerID") ?? appId;
    private readonly bool _requeues = component.Metadata.GetValueOrDefault("requeueInFailure") == "true";
    private readonly int _prefetch = int.Parse(component.Metadata.GetValueOrDefault("prefetchCount") ?? "0", CultureInfo.InvariantCulture);

    public bool ExpiresMessages => false;

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task PublishAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        if (component.Faults.IsAway)
        {
            throw new BrokerException("the broker is away");
        }

        broker.Publish(message);
        return Task.CompletedTask;
    }

    public Task<IAsyncDisposable> SubscribeAsync(
        SidecarSubscription subscription, Func<BrokerMessage, CancellationToken, Task<Settlement>> handle, CancellationToken cancellationToken)
    {
        var name = subscription.Metadata.GetValueOrDefault("queueName") ?? $"{_consumer}-{subscription.Topic}";
        var queue = broker.Declare(name, subscription.Topic);
        return Task.FromResult<IAsyncDisposable>(new Consumer(queue, component.Faults, handle, _requeues, _prefetch == 0 ? int.MaxValue : _prefetch));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Hands the messages of a queue to a handler, several at a time.</summary>
    private sealed class Consumer : IAsyncDisposable
    {
        private readonly InMemoryQueue _queue;
        private readonly BrokerFaults _faults;
        private readonly Func<BrokerMessage, CancellationToken, Task<Settlement>> _handle;
        private readonly bool _requeues;
        private readonly SemaphoreSlim _slots;
        private readonly CancellationTokenSource _stopping = new();
        private readonly ConcurrentDictionary<Task, bool> _running = new();
        private readonly Task _loop;

        public Consumer(InMemoryQueue queue, BrokerFaults faults, Func<BrokerMessage, CancellationToken, Task<Settlement>> handle, bool requeues, int prefetch)
        {
            (_queue, _faults, _handle, _requeues) = (queue, faults, handle, requeues);
            _slots = new SemaphoreSlim(prefetch);
            _loop = Task.Run(TakeAsync);
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.WhenAll(_running.Keys);
            _stopping.Dispose();
        }

        private async Task TakeAsync()
        {
            while (true)
            {
                await _faults.BackAsync(_stopping.Token);
                await _slots.WaitAsync(_stopping.Token);
                var message = await _queue.TakeAsync(_stopping.Token);
                if (_faults.IsAway)
                {
                    _slots.Release();
                    _queue.GiveBack(message);
                    continue;
                }

                var running = HandleAsync(message);
                _running[running] = true;
                _ = running.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        private async Task HandleAsync(BrokerMessage message)
        {
            // Whoever goes in the middle never learns what came of it.
            var gone = _faults.GoneAsync(CancellationToken.None);
            var settlement = await Task.Run(() => _handle(message, _stopping.Token)).ConfigureAwait(false);
            _slots.Release();
            if (gone.IsCompleted || settlement == Settlement.Leave || (settlement == Settlement.Reject && _requeues))
            {
                _queue.GiveBack(message);
            }
        }
    }
}
