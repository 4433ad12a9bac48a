using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>Somebody outside who has nothing but a RabbitMQ client and protos/README.md.</summary>
internal sealed class PlainBroker : IAsyncDisposable
{
    private const string RefreshRequested = "segments.refresh-requested.v1";
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private PlainBroker(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    public static async Task<PlainBroker> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(cancellationToken);
        var confirm = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        return new PlainBroker(connection, await connection.CreateChannelAsync(confirm, cancellationToken));
    }

    /// <summary>Asks for a refresh. The broker has confirmed the event when this returns.</summary>
    public async Task AskForRefreshAsync(string id, string segment, string requestedBy, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            specversion = "1.0",
            id,
            source = "/tests/plain-broker",
            type = RefreshRequested,
            datacontenttype = "application/json",
            data = new { name = segment, requestedBy },
        });
        await _channel.BasicPublishAsync(
            RefreshRequested, "", mandatory: true, new BasicProperties { ContentType = "application/cloudevents+json", DeliveryMode = DeliveryModes.Persistent }, body, cancellationToken);
    }

    /// <summary>A queue of its own that gets a copy of whatever is published to any exchange from now on.</summary>
    public async Task<string> ListenAsync(CancellationToken cancellationToken)
    {
        var queue = await _channel.QueueDeclareAsync(exclusive: true, autoDelete: false, cancellationToken: cancellationToken);
        await _channel.QueueBindAsync(queue.QueueName, "amq.rabbitmq.trace", "publish.#", cancellationToken: cancellationToken);
        return queue.QueueName;
    }

    /// <summary>Messages that wait in a queue.</summary>
    public async Task<uint> CountAsync(string queue, CancellationToken cancellationToken) =>
        (await _channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;

    /// <summary>Drops whatever waits in a queue, as a broker that lost its disk would.</summary>
    public Task LoseAllAsync(string queue, CancellationToken cancellationToken) => _channel.QueuePurgeAsync(queue, cancellationToken);

    /// <summary>Whatever has come to a queue so far: headers, properties and body.</summary>
    public async Task<IReadOnlyList<string>> TakeAllAsync(string queue, CancellationToken cancellationToken)
    {
        var messages = new List<string>();
        while (await _channel.BasicGetAsync(queue, autoAck: true, cancellationToken) is { } message)
        {
            messages.Add($"{message.RoutingKey} {Text(message.BasicProperties.Headers)} {Encoding.UTF8.GetString(message.Body.Span)}");
        }

        return messages;
    }

    private static string Text(object? value) => value switch
    {
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        IDictionary<string, object?> table => string.Join(' ', table.Select(entry => $"{entry.Key}={Text(entry.Value)}")),
        System.Collections.IEnumerable list and not string => string.Join(' ', list.Cast<object?>().Select(Text)),
        _ => value?.ToString() ?? "",
    };

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
