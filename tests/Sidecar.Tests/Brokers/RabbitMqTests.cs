using System.Text;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;
using RabbitMQ.Client;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests.Brokers;

/// <summary>The stand-in on a real broker: what it declares, how it publishes, what it says about messages.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RabbitMqTests : IAsyncDisposable
{
    private readonly string _appId = Some.Name("shop");
    private readonly string _topic = Some.Topic();
    private readonly TestApp _app = new();
    private SidecarComponent _component = null!;
    private SidecarStandIn? _sidecar;
    private OutsideClient _outside = null!;

    private string Queue => $"{_appId}-{_topic}";

    [SetUp]
    public async Task ConnectAsync()
    {
        _outside = await OutsideClient.ConnectAsync();
        _outside.Owns(Queue, _topic, $"dlx-{Queue}", $"dlq-{Queue}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        await _app.DisposeAsync();
        await _outside.DisposeAsync();
    }

    [CancelAfter(30_000)]
    [TestCase(null, "classic")]
    [TestCase("quorum", "quorum")]
    public async Task Exchange_and_queue_are_durable_and_named_by_topic_and_app(string? queueType, string type, CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken, [], queueType is null ? [] : [("queueType", queueType)]);

        var queue = await OutsideClient.DescribeAsync("queues", Queue, cancellationToken);
        var exchange = await OutsideClient.DescribeAsync("exchanges", _topic, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(((bool)queue["durable"]!, (bool)queue["auto_delete"]!, (string?)queue["type"]), Is.EqualTo((true, false, type)));
            Assert.That((string?)queue["arguments"]!["x-queue-type"], Is.EqualTo(type));
            Assert.That(((string?)exchange["type"], (bool)exchange["durable"]!, (bool)exchange["auto_delete"]!), Is.EqualTo(("fanout", true, false)));
        });
    }

    [Test, CancelAfter(30_000)]
    public async Task Outsiders_hear_and_are_heard(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        var queue = await _outside.BindAsync(_topic);

        var status = await PublishAsync("""{"id":"1","type":"sold","datacontenttype":"application/json","data":{"a":1}}""", cancellationToken);
        var message = await _outside.TakeAsync(queue, cancellationToken);
        await _outside.Channel.BasicPublishAsync(_topic, "", Encoding.UTF8.GetBytes("""{"id":"2","datacontenttype":"application/json","data":{"a":2}}"""), cancellationToken);
        var events = await _app.HearAsync(2, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That((status, message.BasicProperties.ContentType, message.BasicProperties.DeliveryMode), Is.EqualTo((204, "text/plain", DeliveryModes.Persistent)));
            Assert.That(Encoding.UTF8.GetString(message.Body.Span), Does.Contain("\"id\":\"1\"").And.Contain($"\"topic\":\"{_topic}\""));
            Assert.That(events.Select(delivered => delivered.Request.Id), Is.EqualTo((string[])["1", "2"]));
            Assert.That(events[1].Headers.GetValue("contenttype"), Is.Null);
            Assert.That(events[0].Headers.GetValue("contenttype"), Is.EqualTo("text/plain"));
        });
    }

    [Test, CancelAfter(30_000)]
    public async Task A_queue_that_others_have_declared_without_a_type_is_shared(CancellationToken cancellationToken)
    {
        await _outside.Channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);

        await StartAsync(cancellationToken);
        await PublishAsync("""{"id":"1"}""", cancellationToken);

        await _app.HearAsync(1, cancellationToken);
        await _outside.Channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task No_more_than_the_prefetch_is_under_way(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        _app.Answer = async (_, _) =>
        {
            await goOn.Task;
            return TopicEventResponseStatus.Success;
        };
        await StartAsync(cancellationToken, [("prefetchCount", "2")]);
        for (var i = 0; i < 5; i++)
        {
            await PublishAsync($$"""{"id":"{{i}}"}""", cancellationToken);
        }

        await _app.HearAsync(2, cancellationToken);
        await Eventually.TrueAsync(async () => await _outside.WaitingAsync(Queue, cancellationToken) == 3, "the others wait in the queue", cancellationToken: cancellationToken);
        Assert.That(_app.Events, Has.Count.EqualTo(2));
        goOn.SetResult();
        await _app.HearAsync(5, cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task A_failure_without_any_dead_letters_is_discarded_at_once(CancellationToken cancellationToken)
    {
        _app.Answer = (request, _) => Task.FromResult(request.Id == "1" ? TopicEventResponseStatus.Retry : TopicEventResponseStatus.Success);
        await StartAsync(cancellationToken);

        await PublishAsync("""{"id":"1"}""", cancellationToken);
        await _app.HearAsync(1, cancellationToken);
        await PublishAsync("""{"id":"2"}""", cancellationToken);
        await _app.HearAsync(2, cancellationToken);
        await _sidecar!.StopAsync(cancellationToken);

        Assert.That((await _outside.WaitingAsync(Queue, cancellationToken), _app.Events.Count), Is.EqualTo((0, 2)));
    }

    [Test, CancelAfter(30_000)]
    public async Task With_dead_letters_of_the_component_a_failure_goes_there(CancellationToken cancellationToken)
    {
        _app.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unavailable, "no"));
        await StartAsync(cancellationToken, [("enableDeadLetter", "true")]);

        await PublishAsync("""{"id":"1"}""", cancellationToken);
        var dead = await _outside.TakeAsync($"dlq-{Queue}", cancellationToken);

        Assert.That(Encoding.UTF8.GetString(dead.Body.Span), Does.Contain("\"id\":\"1\""));
    }

    [Test, CancelAfter(30_000)]
    public async Task With_requeueing_a_failure_comes_again(CancellationToken cancellationToken)
    {
        _app.Answer = (_, _) => Task.FromResult(_app.Events.Count < 3 ? TopicEventResponseStatus.Retry : TopicEventResponseStatus.Success);
        await StartAsync(cancellationToken, [("requeueInFailure", "true")]);

        await PublishAsync("""{"id":"1"}""", cancellationToken);

        await _app.HearAsync(3, cancellationToken);
    }

    [CancelAfter(30_000)]
    [TestCase(false)]
    [TestCase(true)]
    public async Task What_the_broker_refuses_or_nobody_wants_counts_as_published(bool isRefused, CancellationToken cancellationToken)
    {
        _sidecar = await SidecarStandIn.StartAsync(Options([]), cancellationToken);
        var queue = isRefused ? await _outside.BindAsync(_topic, new Dictionary<string, object?> { ["x-max-length"] = 0, ["x-overflow"] = "reject-publish" }) : null;

        var status = await PublishAsync("""{"id":"1"}""", cancellationToken);

        Assert.That((status, queue is null ? 0 : await _outside.WaitingAsync(queue, cancellationToken)), Is.EqualTo((204, 0)));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_broker_that_goes_and_comes_back(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        _app.Answer = async (_, _) =>
        {
            await goOn.Task;
            return TopicEventResponseStatus.Success;
        };
        await StartAsync(cancellationToken, [("reconnectWaitSeconds", "0.05")]);
        await PublishAsync("""{"id":"1"}""", cancellationToken);
        await _app.HearAsync(1, cancellationToken);

        _component.Faults.IsAway = true;
        var away = await PublishAsync("""{"id":"2"}""", cancellationToken);
        goOn.SetResult();
        _component.Faults.IsAway = false;
        var back = await PublishAsync("""{"id":"3"}""", cancellationToken);
        var events = await _app.HearAsync(3, cancellationToken);

        Assert.That((away, back), Is.EqualTo((500, 204)));
        Assert.That(events.Select(delivered => delivered.Request.Id), Is.EquivalentTo((string[])["1", "1", "3"]), "What was under way comes again.");
    }

    [Test, CancelAfter(30_000)]
    public async Task What_fails_while_the_sidecar_stops_is_left_to_the_next_one(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        _app.Answer = async (_, _) =>
        {
            await goOn.Task;
            return TopicEventResponseStatus.Retry;
        };
        await StartAsync(cancellationToken);
        await PublishAsync("""{"id":"1"}""", cancellationToken);
        await _app.HearAsync(1, cancellationToken);
        var stop = _sidecar!.StopAsync(cancellationToken);
        goOn.SetResult();
        await stop;

        await Eventually.TrueAsync(async () => await _outside.WaitingAsync(Queue, cancellationToken) == 1, "the event is in its queue", cancellationToken: cancellationToken);
        Assert.That((await _outside.TakeAsync(Queue, cancellationToken)).Redelivered, Is.True);
    }

    [Test]
    public void A_sidecar_without_its_broker_does_not_start()
    {
        var options = Options([]) with { Components = [new SidecarComponent { Type = SidecarComponent.RabbitMq, Metadata = new Dictionary<string, string> { ["connectionString"] = "amqp://127.0.0.1:1" } }] };

        Assert.That(async () => await SidecarStandIn.StartAsync(options), Throws.Exception);
    }

    private SidecarOptions Options(IReadOnlyList<(string Name, string Value)> metadata)
    {
        var all = new Dictionary<string, string>
        {
            ["connectionString"] = TestServers.RabbitMq.ToString(),
            ["durable"] = "true",
            ["deletedWhenUnused"] = "false",
            ["deliveryMode"] = "2",
            ["publisherConfirm"] = "true",
        };
        foreach (var (name, value) in metadata)
        {
            all[name] = value;
        }

        _component = new SidecarComponent { Type = SidecarComponent.RabbitMq, Metadata = all };
        return new SidecarOptions { AppId = _appId, Components = [_component] };
    }

    private async Task StartAsync(
        CancellationToken cancellationToken, IReadOnlyList<(string Name, string Value)>? component = null, IReadOnlyList<(string Name, string Value)>? subscription = null)
    {
        _app.Subscriptions.Add(TestApp.Subscribe(_topic, "", [.. subscription ?? []]));
        await _app.ListenAsync();
        _sidecar = await SidecarStandIn.StartAsync(Options(component ?? []) with { AppAddress = _app.Address }, cancellationToken);
        await Eventually.TrueAsync(() => _sidecar.Subscriptions.Count == 1, "the sidecar has subscribed", cancellationToken: cancellationToken);
    }

    private async Task<int> PublishAsync(string cloudEvent, CancellationToken cancellationToken)
    {
        using var courier = new Courier(_sidecar!);
        return (await courier.PublishAsync(_topic, cloudEvent, Courier.CloudEvents, cancellationToken)).Status;
    }
}
