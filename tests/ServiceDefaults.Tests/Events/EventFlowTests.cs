using System.Diagnostics;
using System.Text;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Receiving;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>From the transaction of one service to the transaction of another, on every combination of engine and transport.</summary>
[TestFixture(Engine.Sqlite, EventTransportKind.InMemory)]
[TestFixture(Engine.Sqlite, EventTransportKind.RabbitMq)]
[TestFixture(Engine.PostgreSql, EventTransportKind.InMemory)]
[TestFixture(Engine.PostgreSql, EventTransportKind.RabbitMq)]
[TestFixture(Engine.Sqlite, EventTransportKind.Dapr)]
[TestFixture(Engine.PostgreSql, EventTransportKind.Dapr)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.Fixtures)]
internal sealed class EventFlowTests(Engine engine, EventTransportKind transport) : IAsyncDisposable
{
    private readonly string _topic = Some.Topic();
    private readonly string _sender = Some.Name("sender");
    private readonly string _receiver = Some.Name("receiver");
    private readonly EventBus _bus = new();
    private readonly List<SidecarBus> _sidecars = [];

    // A sidecar serves one app; with all else the two are services of one process.
    private readonly EventBus _senders = new();
    private TestDatabase _test = null!;
    private EventTestService _from = null!;
    private EventTestService _to = null!;

    [SetUp]
    public async Task StartServices()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _from = await EventTestService.StartAsync(_sender, _test, transport == EventTransportKind.Dapr ? _senders : _bus, null);
        _to = await EventTestService.StartAsync(_receiver, _test, _bus, _topic);
        if (transport == EventTransportKind.Dapr)
        {
            await StartSidecarsAsync();
        }
        else
        {
            await EventTestService.StartBusAsync(_bus, transport);
        }

        await Eventually.TrueAsync(() => _bus.IsReady, "the bus is ready");
    }

    public async ValueTask DisposeAsync()
    {
        await _senders.StopAsync(CancellationToken.None);
        await _bus.StopAsync(CancellationToken.None);
        foreach (var sidecar in _sidecars)
        {
            await sidecar.DisposeAsync();
        }

        await _from.DisposeAsync();
        await _to.DisposeAsync();
        await _senders.DisposeAsync();
        await _bus.DisposeAsync();
        await _test.DisposeAsync();
        await RabbitMqClient.DeleteAsync(transport, _topic, $"{_receiver}-{_topic}");
    }

    [Test]
    public async Task Published_event_has_its_effects_in_the_other_service()
    {
        await _from.PublishAsync(_topic, "environments/a/segments/b", new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 3 });

        await Eventually.TrueAsync(() => _to.Handled.Count == 1, "the event is handled");
        _to.Handled.TryPeek(out var received);
        Assert.That(received!.Data, Is.EqualTo(new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 3 }));
        Assert.That(received.Subject, Is.EqualTo("environments/a/segments/b"));
        Assert.That(received.Source, Is.EqualTo($"/customer-insights/{_sender}"));
        Assert.That(await _to.CountAsync("effects"), Is.EqualTo(1));
        await Eventually.TrueAsync(async () => await _from.CountAsync("outbox", "published_at IS NOT NULL AND attempts = 0") == 1, "the outbox knows");
    }

    [Test]
    public async Task Rolled_back_transaction_publishes_nothing()
    {
        await Assert.ThatAsync(
            () => _from.Database.WriteAsync(
                async t =>
                {
                    await _from.Get<EventPublisher>().PublishAsync(t, _topic, "", new SegmentRefreshed { Version = 1 });
                    throw new InvalidDataException("no");
                },
                CancellationToken.None),
            Throws.TypeOf<InvalidDataException>());
        await _from.PublishAsync(_topic, "", new SegmentRefreshed { Version = 2 });

        await Eventually.TrueAsync(() => !_to.Handled.IsEmpty, "the second event is handled");
        Assert.That(_to.Handled.Select(e => e.Data.Version), Is.EqualTo([2]));
    }

    [Test]
    public async Task Event_that_comes_twice_has_its_effects_once()
    {
        long duplicates = 0;
        using var listener = _to.Listen(MetricNames.InboxDuplicates, (value, _) => Interlocked.Add(ref duplicates, value));

        await _bus.PublishAsync(Outgoing("one"), CancellationToken.None);
        await _bus.PublishAsync(Outgoing("one"), CancellationToken.None);

        await Eventually.TrueAsync(() => Interlocked.Read(ref duplicates) == 1, "the second one is counted");
        Assert.That(await _to.CountAsync("effects"), Is.EqualTo(1));
        Assert.That(await _to.CountAsync("inbox"), Is.EqualTo(1));
    }

    [Test]
    public async Task Handler_that_fails_gets_the_event_again_and_its_effects_stay_single()
    {
        var failures = 2;
        _to.Behaviour = _ => Interlocked.Decrement(ref failures) >= 0 ? throw new InvalidOperationException("outage") : EventOutcome.Handled;

        await _from.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(() => _to.Handled.Count == 1, "the event is handled at last");
        Assert.That(await _to.CountAsync("effects"), Is.EqualTo(1));
    }

    [Test]
    public async Task Refused_event_leaves_no_effects_and_the_next_one_goes_on()
    {
        var reasons = new List<string?>();
        using var listener = _to.Listen(MetricNames.InboxDeadLetters, (_, reason) => reasons.Add(reason));
        _to.Behaviour = received => received.Data.Version == 1 ? EventOutcome.DeadLetter("UNKNOWN_SEGMENT") : EventOutcome.Handled;

        await _from.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });
        await _from.PublishAsync(_topic, "", new SegmentRefreshed { Version = 2 });

        await Eventually.TrueAsync(() => _to.Handled.Any(e => e.Data.Version == 2), "the second event is handled");
        await Eventually.TrueAsync(() => reasons.Count == 1, "the refusal is counted");
        Assert.That(reasons, Is.EqualTo(["UNKNOWN_SEGMENT"]));
        Assert.That(await _to.CountAsync("effects"), Is.EqualTo(1));
        Assert.That(await _to.CountAsync("inbox"), Is.EqualTo(1));
        await Eventually.TrueAsync(async () => await _from.CountAsync("outbox", "published_at IS NULL") == 0, "neither waits in the outbox");
    }

    [Test]
    public async Task Event_that_nobody_gets_through_with_ends_in_the_dead_letter_queue()
    {
        var reasons = new List<string?>();
        using var listener = _to.Listen(MetricNames.InboxDeadLetters, (_, reason) => reasons.Add(reason));
        _to.Behaviour = _ => throw new InvalidOperationException("bug");
        var consume = _to.Get<EventSubscription>().ConsumeAsync;

        for (var failure = 1; failure < JudgeFailure.MaxFailures; failure++)
        {
            await Assert.ThatAsync(() => consume(Outgoing("one").Body, CancellationToken.None), Throws.InvalidOperationException);
        }

        Assert.That(await consume(Outgoing("one").Body, CancellationToken.None), Is.EqualTo(EventOutcome.DeadLetter("DELIVERY_LIMIT")));
        Assert.That(reasons, Is.EqualTo(["DELIVERY_LIMIT"]));
        Assert.That(await _to.CountAsync("inbox"), Is.Zero);
    }

    [TestCase("no json", "NOT_JSON")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"version":"many"}}""", "DATA_INVALID")]
    public async Task Malformed_event_is_counted_with_its_reason(string body, string reason)
    {
        var reasons = new List<string?>();
        using var listener = _to.Listen(MetricNames.InboxDeadLetters, (_, seen) => reasons.Add(seen));

        var outcome = await _to.Get<EventSubscription>().ConsumeAsync(Encoding.UTF8.GetBytes(body), CancellationToken.None);

        Assert.That(outcome, Is.EqualTo(EventOutcome.DeadLetter(reason)));
        Assert.That(reasons, Is.EqualTo([reason]));
    }

    [Test]
    public async Task Events_of_one_subject_keep_their_order()
    {
        await _from.Database.WriteAsync(
            async t =>
            {
                for (var version = 1; version <= 50; version++)
                {
                    await _from.Get<EventPublisher>().PublishAsync(t, _topic, "same", new SegmentRefreshed { Version = version });
                }
            },
            CancellationToken.None);

        await Eventually.TrueAsync(() => _to.Handled.Count == 50, "all are handled");
        var sent = await _from.Database.ReadAsync(s => s.QueryAsync<long>("SELECT position FROM outbox ORDER BY published_at, position"), CancellationToken.None);
        Assert.That(sent, Is.Ordered);
        Assert.That(_to.Handled.Select(e => e.Data.Version), Is.EquivalentTo(Enumerable.Range(1, 50)));
    }

    [Test]
    public async Task Trace_goes_on_in_the_receiver()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MetricNames.Meter,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        var seen = "";
        _to.Behaviour = _ =>
        {
            seen = Activity.Current!.TraceId.ToHexString();
            return EventOutcome.Handled;
        };
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        await _from.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(() => _to.Handled.Count == 1, "the event is handled");
        Assert.That(seen, Is.EqualTo(activity.TraceId.ToHexString()));
    }

    private async Task StartSidecarsAsync()
    {
        var (network, component) = (new SidecarNetwork(), await RunningSidecar.CreateComponentAsync());
        foreach (var (app, bus) in new[] { (_receiver, _bus), (_sender, _senders) })
        {
            var sidecar = new SidecarBus(bus, new SidecarOptions { AppId = app, Network = network, Components = [component] });
            _sidecars.Add(sidecar);
            await sidecar.StartAsync(CancellationToken.None);
        }
    }

    private OutgoingEvent Outgoing(string id) =>
        new(id, _topic, new CloudEvent(id, "/somebody", "t", "", null, null, """{"version":"1"}""").ToUtf8());
}
