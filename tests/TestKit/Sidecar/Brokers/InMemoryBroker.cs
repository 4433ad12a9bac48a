using System.Collections.Concurrent;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>Topics and queues in memory, of the shape that the RabbitMQ component makes: a topic copies each message into every queue bound to it.</summary>
internal sealed class InMemoryBroker
{
    private readonly ConcurrentDictionary<string, InMemoryQueue> _queues = new(StringComparer.Ordinal);

    public int Waiting(string queue) => _queues.TryGetValue(queue, out var found) ? found.Waiting : 0;

    /// <summary>A topic without a queue swallows.</summary>
    public void Publish(BrokerMessage message)
    {
        foreach (var queue in _queues.Values.Where(queue => queue.Topic == message.Topic))
        {
            queue.Add(message);
        }
    }

    public InMemoryQueue Declare(string name, string topic) => _queues.GetOrAdd(name, _ => new InMemoryQueue(topic));
}

/// <summary>Messages in order; what is given back comes next.</summary>
internal sealed class InMemoryQueue(string topic)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<BrokerMessage> _messages = [];
    private readonly SemaphoreSlim _available = new(0);

    public string Topic { get; } = topic;

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _messages.Count;
            }
        }
    }

    public void Add(BrokerMessage message) => Put(message, first: false);

    public void GiveBack(BrokerMessage message) => Put(message, first: true);

    public async Task<BrokerMessage> TakeAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken);
        lock (_lock)
        {
            var message = _messages.First!.Value;
            _messages.RemoveFirst();
            return message;
        }
    }

    private void Put(BrokerMessage message, bool first)
    {
        lock (_lock)
        {
            if (first)
            {
                _messages.AddFirst(message);
            }
            else
            {
                _messages.AddLast(message);
            }
        }

        _available.Release();
    }
}
