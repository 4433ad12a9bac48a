using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit;
using RabbitMQ.Client;

namespace CustomerInsights.Sidecar.Tests.Brokers;

/// <summary>A RabbitMQ client of somebody who has never heard of Dapr; removes at its end what the test has made.</summary>
internal sealed class OutsideClient : IAsyncDisposable
{
    private readonly List<string> _made = [];
    private readonly IConnection _connection;

    private OutsideClient(IConnection connection, IChannel channel) => (_connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    public static async Task<OutsideClient> ConnectAsync()
    {
        var connection = await new ConnectionFactory { Uri = TestServers.RabbitMq }.CreateConnectionAsync();
        return new OutsideClient(connection, await connection.CreateChannelAsync());
    }

    /// <summary>Queues and exchanges to remove.</summary>
    public void Owns(params IEnumerable<string> names) => _made.AddRange(names);

    /// <summary>A queue of one's own bound to a topic.</summary>
    public async Task<string> BindAsync(string topic, IDictionary<string, object?>? arguments = null)
    {
        var queue = Some.Name("outsider");
        Owns(queue, topic);
        await Channel.ExchangeDeclareAsync(topic, ExchangeType.Fanout, durable: true, autoDelete: false);
        await Channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await Channel.QueueBindAsync(queue, topic, "");
        return queue;
    }

    public async Task<BasicGetResult> TakeAsync(string queue, CancellationToken cancellationToken) =>
        await Eventually.ValueAsync(() => Channel.BasicGetAsync(queue, autoAck: true, cancellationToken), $"a message comes to {queue}", cancellationToken: cancellationToken);

    public Task<uint> WaitingAsync(string queue, CancellationToken cancellationToken) => Channel.MessageCountAsync(queue, cancellationToken);

    /// <summary>What the broker says about a queue or an exchange.</summary>
    public static async Task<JsonObject> DescribeAsync(string kind, string name, CancellationToken cancellationToken)
    {
        var address = TestServers.RabbitMqManagement;
        using var http = new HttpClient { BaseAddress = new Uri($"http://{address.Authority}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo))));
        return JsonNode.Parse(await http.GetStringAsync(new Uri($"/api/{kind}/%2F/{Uri.EscapeDataString(name)}", UriKind.Relative), cancellationToken))!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _made)
        {
            await Channel.QueueDeleteAsync(name);
            await Channel.ExchangeDeleteAsync(name);
        }

        await _connection.DisposeAsync();
    }
}
