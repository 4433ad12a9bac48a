using System.Text;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>What somebody sees who meets us on the broker with a client of his own, and what happens when the broker goes away.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.Self)]
internal sealed class RabbitMqTests : IAsyncDisposable
{
    private const string Event = """{"specversion":"1.0","id":"42","source":"/outsider","type":"anything","data":{"segment":"environments/a/segments/b","version":"9"}}""";

    private readonly string _topic = Some.Topic();
    private readonly string _app = Some.Name("app");
    private readonly EventBus _bus = new();
    private readonly TcpRelay _relay = new(TestServers.RabbitMq);
    private TestDatabase _test = null!;
    private EventTestService _service = null!;

    [SetUp]
    public async Task StartService()
    {
        _test = await TestDatabase.CreateAsync(Engine.Sqlite);
        _service = await EventTestService.StartAsync(_app, _test, _bus, _topic);
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync(CancellationToken.None);
        await _service.DisposeAsync();
        await _bus.DisposeAsync();
        await _relay.DisposeAsync();
        await _test.DisposeAsync();
        await RabbitMqClient.DeleteAsync(EventTransportKind.RabbitMq, _topic, Queue);
    }

    private string Queue => $"{_app}-{_topic}";

    [TestCase(null)]
    [TestCase("")]
    [TestCase("text/plain")]
    [TestCase("application/json")]
    [TestCase("application/cloudevents+json; charset=utf-8")]
    [TestCase("application/vnd.masstransit+json")]
    [TestCase("no content type")]
    public async Task Event_of_a_plain_client_is_taken_whatever_its_content_type(string? contentType)
    {
        await ConnectedAsync();
        await PublishPlainAsync(Encoding.UTF8.GetBytes(Event), contentType);

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "the event is handled");
        _service.Handled.TryPeek(out var received);
        Assert.That(received!.Data, Is.EqualTo(new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 9 }));
        Assert.That((received.Id, received.Source), Is.EqualTo(("42", "/outsider")));
    }

    [Test]
    public async Task Plain_client_bound_to_the_exchange_sees_a_plain_CloudEvent()
    {
        await ConnectedAsync();
        await using var connection = await RabbitMqClient.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        var queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, _topic, "");

        await _service.PublishAsync(_topic, "environments/a/segments/b", new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 5 });

        var seen = await Eventually.ValueAsync(() => channel.BasicGetAsync(queue, autoAck: true), "the outsider sees it");
        using var json = System.Text.Json.JsonDocument.Parse(seen.Body);
        Assert.That(seen.BasicProperties.ContentType, Is.EqualTo("application/cloudevents+json"));
        Assert.That(seen.BasicProperties.Persistent, Is.True);
        Assert.That(
            json.RootElement.EnumerateObject().Select(member => member.Name),
            Is.EquivalentTo(["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"]));
        Assert.That(json.RootElement.GetProperty("type").GetString(), Is.EqualTo($"com.customerinsights.{_topic}"));
        Assert.That(json.RootElement.GetProperty("data").GetProperty("version").GetString(), Is.EqualTo("5"));
    }

    [Test]
    public async Task Exchange_is_durable_the_queue_a_quorum_one_and_there_is_no_other()
    {
        await ConnectedAsync();
        await using var connection = await RabbitMqClient.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();

        // A declaration that differs from what is there is an error.
        await channel.ExchangeDeclareAsync(_topic, "fanout", durable: true, autoDelete: false);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await Assert.ThatAsync(() => channel.QueueDeclarePassiveAsync($"{Queue}_skipped"), Throws.TypeOf<OperationInterruptedException>());
    }

    [Test]
    public async Task Process_without_subscriptions_is_ready_and_publishes()
    {
        await ConnectedAsync();
        await using var bus = new EventBus();
        await EventTestService.StartBusAsync(bus, EventTransportKind.RabbitMq, _relay.Address);
        await Eventually.TrueAsync(() => bus.IsReady, "it is ready");

        await bus.PublishAsync(new OutgoingEvent("42", _topic, Encoding.UTF8.GetBytes(Event)), CancellationToken.None);

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "the event is handled");
    }

    [TestCase("not json", "NOT_JSON")]
    [TestCase("""{"specversion":"1.0","id":"42","source":"/outsider","type":"t","data":{"version":"1"}}""", "NO_SUCH_SEGMENT")]
    public async Task Refused_event_is_in_the_dead_letter_queue_as_it_came_with_its_reason(string body, string reason)
    {
        _service.Behaviour = _ => EventOutcome.DeadLetter("NO_SUCH_SEGMENT");
        await ConnectedAsync();
        await PublishPlainAsync(Encoding.UTF8.GetBytes(body), "text/plain");

        await using var connection = await RabbitMqClient.ConnectAsync();
        var dead = await Eventually.ValueAsync(() => TryGetAsync(EventEndpoint.DeadLetterQueueOf(Queue)), "it is in the dead-letter queue");

        Assert.That(Encoding.UTF8.GetString(dead.Body.Span), Is.EqualTo(body));
        Assert.That(Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers![EventEndpoint.ReasonHeader]!), Is.EqualTo(reason));
        await Eventually.TrueAsync(async () => await CountAsync(connection, Queue) == 0, "its queue is empty");
    }

    [Test]
    public async Task Event_that_the_database_refuses_is_in_the_dead_letter_queue_at_once()
    {
        await using var strict = await TestDatabase.CreateAsync(Engine.PostgreSql);
        var (app, tried) = (Some.Name("strict"), 0);
        await using var service = await EventTestService.StartAsync(app, strict, _bus, _topic);
        service.Statement = transaction =>
        {
            tried++;
            return transaction.ExecuteAsync("INSERT INTO effects (event_id) VALUES (@text)", new { text = "no\0text" });
        };
        var queue = $"{app}-{_topic}";
        try
        {
            await ConnectedAsync();
            await PublishPlainAsync(Encoding.UTF8.GetBytes(Event), null);

            var dead = await Eventually.ValueAsync(() => TryGetAsync(EventEndpoint.DeadLetterQueueOf(queue)), "it is in the dead-letter queue");

            Assert.That(Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers![EventEndpoint.ReasonHeader]!), Is.EqualTo("DATA_REFUSED"));
            Assert.That(tried, Is.EqualTo(1));
            Assert.That(await service.CountAsync("inbox") + await service.CountAsync("effects"), Is.Zero);
        }
        finally
        {
            await _bus.StopAsync(CancellationToken.None);
            await RabbitMqClient.DeleteAsync(EventTransportKind.RabbitMq, _topic, queue);
        }
    }

    [Test]
    public async Task Event_above_64_KiB_is_refused()
    {
        await ConnectedAsync();
        await PublishPlainAsync(Encoding.UTF8.GetBytes(Event.Replace("anything", new string('x', 70_000), StringComparison.Ordinal)), null);

        var dead = await Eventually.ValueAsync(() => TryGetAsync(EventEndpoint.DeadLetterQueueOf(Queue)), "it is in the dead-letter queue");
        Assert.That(Encoding.UTF8.GetString((byte[])dead.BasicProperties.Headers![EventEndpoint.ReasonHeader]!), Is.EqualTo("TOO_LARGE"));
    }

    [Test]
    public async Task Broker_that_is_down_at_the_start_is_found_later()
    {
        await EventTestService.StartBusAsync(_bus, EventTransportKind.RabbitMq, _relay.Address);
        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });
        Assert.That(_bus.IsReady, Is.False);

        _relay.Open();

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "the event that waited arrives", TimeSpan.FromSeconds(60));
        Assert.That(await _service.CountAsync("outbox", "attempts = 0"), Is.EqualTo(1));
    }

    [Test]
    public async Task Events_wait_while_the_broker_is_away_and_leave_when_it_is_back()
    {
        await ConnectedAsync();
        _relay.Close();
        await Eventually.TrueAsync(() => !_bus.IsReady, "readiness tells");
        for (var version = 1; version <= 3; version++)
        {
            await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = version });
        }

        _relay.Open();

        await Eventually.TrueAsync(() => _service.Handled.Count == 3, "all arrive", TimeSpan.FromSeconds(60));
        Assert.That(_service.Handled.Select(e => e.Data.Version), Is.EquivalentTo([1, 2, 3]));
    }

    [Test]
    public async Task Event_whose_handler_never_gets_through_stays_in_the_queue_when_the_service_stops()
    {
        var tried = 0;
        _service.Behaviour = _ =>
        {
            Interlocked.Increment(ref tried);
            throw new InvalidOperationException("outage");
        };
        await ConnectedAsync();
        await PublishPlainAsync(Encoding.UTF8.GetBytes(Event), null);
        await Eventually.TrueAsync(() => Volatile.Read(ref tried) >= 2, "it is tried again");

        await _bus.StopAsync(CancellationToken.None);

        await using var connection = await RabbitMqClient.ConnectAsync();
        await Eventually.TrueAsync(async () => await CountAsync(connection, Queue) == 1, "it is back in the queue");
        Assert.That(await _service.CountAsync("effects"), Is.Zero);
    }

    private async Task ConnectedAsync()
    {
        _relay.Open();
        await EventTestService.StartBusAsync(_bus, EventTransportKind.RabbitMq, _relay.Address);
        await Eventually.TrueAsync(() => _bus.IsReady, "the bus is connected");
    }

    private async Task PublishPlainAsync(byte[] body, string? contentType)
    {
        await using var connection = await RabbitMqClient.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var properties = new BasicProperties();
        if (contentType is not null)
        {
            properties.ContentType = contentType;
        }

        await channel.BasicPublishAsync(_topic, "", mandatory: true, properties, body);
    }

    // A connection for each look: asking for a queue that does not exist yet closes the channel, for one that is being made the connection.
    private static async Task<BasicGetResult?> TryGetAsync(string queue)
    {
        await using var connection = await RabbitMqClient.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            return await channel.BasicGetAsync(queue, autoAck: true);
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }

    private static async Task<uint> CountAsync(IConnection connection, string queue)
    {
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(queue);
    }
}
