using System.Text;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using SidecarOptions = CustomerInsights.TestKit.Sidecar.SidecarOptions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>What differs when a sidecar carries the events: tokens, subscriptions, dead letters, and a sidecar or broker that goes away.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class DaprTests : IAsyncDisposable
{
    private readonly string _topic = Some.Topic();
    private readonly string _app = Some.Name("app");
    private readonly EventBus _bus = new();
    private readonly SidecarComponent _component = new();
    private readonly SidecarNetwork _network = new();
    private SidecarBus? _sidecar;
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
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        await _service.DisposeAsync();
        await _bus.DisposeAsync();
        await _test.DisposeAsync();
    }

    private SidecarOptions Options => new() { AppId = _app, Network = _network, Components = [_component] };

    [Test]
    public async Task Refused_event_is_kept_with_its_reason_and_comes_no_more()
    {
        _service.Behaviour = received => received.Data.Version == 1 ? EventOutcome.DeadLetter("NO_SUCH_SEGMENT") : EventOutcome.Handled;
        await StartAsync(new SidecarBus(_bus, Options with { Inbound = Retry(RetryPolicy.Forever) }));

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 1 });
        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 2 });

        await Eventually.TrueAsync(() => !_service.Handled.IsEmpty, "the next one is handled");
        await Eventually.TrueAsync(async () => await _service.CountAsync("dead_letters") == 1, "the first one is kept");
        var dead = await DeadLettersAsync();
        Assert.That(dead.Select(letter => (letter.Topic, letter.Reason)), Is.EqualTo([(_topic, "NO_SUCH_SEGMENT")]));
        Assert.That(dead[0].Body, Does.Contain("environments/a/segments/b"));
        Assert.That(await _service.CountAsync("outbox", $"id = '{dead[0].EventId}'"), Is.EqualTo(1), "under the id that it was published with");
    }

    [Test]
    public async Task Event_that_the_sidecar_gives_up_is_kept_as_it_was()
    {
        long counted = 0;
        using var listener = _service.Listen(MetricNames.InboxDeadLetters, (value, reason) => counted += reason == DaprTransport.GivenUp ? value : 0);
        _service.Behaviour = _ => throw new InvalidOperationException("outage");
        await StartAsync(new SidecarBus(_bus, Options));

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 1 });

        await Eventually.TrueAsync(async () => await _service.CountAsync("dead_letters") == 1, "it is kept");
        var dead = (await DeadLettersAsync()).Single();
        Assert.That((dead.Topic, dead.Reason, counted), Is.EqualTo((_topic, DaprTransport.GivenUp, 1L)));
        Assert.That(CloudEventReader.Read(Encoding.UTF8.GetBytes(dead.Body)).Event?.Id, Is.EqualTo(dead.EventId).And.Not.Empty);
        Assert.That(await _service.CountAsync("effects"), Is.Zero);
    }

    [Test]
    public async Task Outage_of_the_handler_makes_the_sidecar_bring_it_again()
    {
        var failures = 5;
        _service.Behaviour = _ => Interlocked.Decrement(ref failures) >= 0 ? throw new InvalidOperationException("outage") : EventOutcome.Handled;
        await StartAsync(new SidecarBus(_bus, Options with { Inbound = Retry(3) }));

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "it is handled at its sixth attempt");
        Assert.That(await _service.CountAsync("dead_letters"), Is.Zero);
    }

    [Test]
    public async Task Platform_may_declare_what_is_delivered_and_then_the_process_lists_nothing()
    {
        var declared = new SidecarSubscription { PubSub = "pubsub", Topic = _topic, DeadLetterTopic = $"{_app}-{_topic}_error" };
        await StartAsync(new SidecarBus(_bus, Options with { Subscriptions = [declared] }) { Subscriptions = DaprSubscriptions.Declared });
        Assert.That(_bus.Pushed!.Listed, Is.Empty);

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "it is handled");
        Assert.That(await _service.CountAsync("inbox"), Is.EqualTo(1));
    }

    [Test]
    public async Task Both_show_each_other_their_tokens()
    {
        await StartAsync(new SidecarBus(_bus, Options with { ApiToken = "api", AppToken = "app" }));

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "it is handled");
    }

    [Test]
    public async Task Sidecar_without_the_app_token_delivers_nothing()
    {
        await StartAsync(new SidecarBus(_bus, Options with { AppToken = "wrong", Inbound = Retry(RetryPolicy.Forever) }) { Tokens = (null, "right") });

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });
        await Eventually.TrueAsync(async () => await _service.CountAsync("outbox", "published_at IS NOT NULL") == 1, "it is published");
        await _sidecar!.Sidecar.StopAsync();

        Assert.That(_service.Handled, Is.Empty);
        Assert.That(await _service.CountAsync("inbox") + await _service.CountAsync("dead_letters"), Is.Zero);
    }

    [Test]
    public async Task Publish_that_the_sidecar_refuses_stays_in_the_outbox()
    {
        await StartAsync(new SidecarBus(_bus, Options with { ApiToken = "right" }) { Tokens = ("wrong", null) });

        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await Eventually.TrueAsync(async () => await _service.CountAsync("outbox", "attempts > 0 AND published_at IS NULL") == 1, "it waits");
        var refused = Assert.ThrowsAsync<SidecarException>(
            () => _bus.PublishAsync(new OutgoingEvent("1", _topic, new CloudEvent("1", "/s", "t", "", null, null, "{}").ToUtf8()), CancellationToken.None))!;
        Assert.That(refused.Message, Does.Contain("401").And.Not.Contain("wrong"));
    }

    [Test]
    public async Task Unknown_component_is_named_by_its_code()
    {
        await StartAsync(new SidecarBus(_bus, Options with { Components = [_component with { Name = "other" }] }) { Subscriptions = DaprSubscriptions.Declared });

        var refused = Assert.ThrowsAsync<SidecarException>(
            () => _bus.PublishAsync(new OutgoingEvent("1", _topic, new CloudEvent("1", "/s", "t", "", null, null, "{}").ToUtf8()), CancellationToken.None))!;
        Assert.That(refused.Code, Is.EqualTo("ERR_PUBSUB_NOT_FOUND"));
    }

    [Test]
    public async Task Events_wait_while_the_sidecar_is_away_and_leave_when_it_is_back()
    {
        await StartAsync(new SidecarBus(_bus, Options));
        var (http, grpc) = (_sidecar!.Sidecar.HttpAddress.Port, _sidecar.Sidecar.GrpcAddress.Port);
        await _sidecar.Sidecar.KillAsync();
        await Eventually.TrueAsync(() => !_bus.IsReady, "readiness tells");
        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });

        await using var back = await SidecarStandIn.StartAsync(Options with { AppAddress = _sidecar.AppAddress, HttpPort = http, GrpcPort = grpc });

        await Eventually.TrueAsync(() => _service.Handled.Count == 1, "it arrives", TimeSpan.FromSeconds(60));
        Assert.That(_bus.IsReady, Is.True);
    }

    [Test]
    public async Task Stop_waits_for_what_is_under_way_and_takes_nothing_more()
    {
        using var release = new SemaphoreSlim(0);
        var entered = new TaskCompletionSource();
        _service.Behaviour = _ =>
        {
            entered.TrySetResult();
            release.Wait();
            return EventOutcome.Handled;
        };
        await StartAsync(new SidecarBus(_bus, Options));
        await _service.PublishAsync(_topic, "", new SegmentRefreshed { Version = 1 });
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(20));

        var stopped = _bus.StopAsync(CancellationToken.None);
        var isTaken = await _bus.Pushed!.TakeAsync(_service.Get<EventSubscription>(), Encoding.UTF8.GetBytes("{}"), CancellationToken.None);
        Assert.That((stopped.IsCompleted, isTaken), Is.EqualTo((false, false)));
        release.Release();
        await stopped.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(await _service.CountAsync("dead_letters"), Is.Zero);
    }

    [Test]
    public async Task Two_apps_of_one_process_are_refused_because_a_sidecar_has_one_app_id()
    {
        await using var other = await EventTestService.StartAsync(Some.Name("other"), _test, _bus, _topic);
        var settings = new EventBusSettings(new EventOptions { Transport = EventTransportKind.Dapr }, ServiceDefaults.Sidecar.SidecarOptions.Of(new ConfigurationBuilder().Build()));

        var refused = Assert.ThrowsAsync<StartRefusedException>(
            () => _bus.StartAsync(settings, TimeProvider.System, Random.Shared, NullLoggerFactory.Instance, CancellationToken.None))!;

        Assert.That(refused.Problems, Has.One.Contains("Events:Transport"));
    }

    private static ResiliencyPolicy Retry(int count) => new() { Retry = new RetryPolicy { Duration = TimeSpan.FromMilliseconds(50), MaxRetries = count } };

    private async Task StartAsync(SidecarBus sidecar) => _sidecar = await sidecar.StartAsync(CancellationToken.None);

    private async Task<List<Kept>> DeadLettersAsync() => [.. await _service.Database.ReadAsync(
        session => session.QueryAsync<Kept>("SELECT topic, event_id, reason, body FROM dead_letters"), CancellationToken.None)];

    private sealed record Kept(string Topic, string EventId, string Reason, string Body);
}
