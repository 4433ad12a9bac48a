using System.Text;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Sending;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>Single passes over the outbox, with a scripted broker and a clock that stands still.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class DispatchOutboxTests(Engine engine) : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedTransport _transport = new();
    private readonly EventBus _bus = new();
    private readonly TestMeters _meters = new();
    private TestDatabase _test = null!;
    private Database _database = null!;
    private EventPublisher _publisher = null!;
    private DispatchOutbox _dispatch = null!;

    [SetUp]
    public async Task Create()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _database = await _test.OpenAsync(time: _time);
        await _bus.StartAsync(_transport, None);
        _publisher = new EventPublisher("app", new(_time), _time);
        _dispatch = Dispatcher();
    }

    public async ValueTask DisposeAsync()
    {
        await _test.DisposeAsync();
        _meters.Dispose();
    }

    [Test]
    public async Task Published_event_is_not_published_again()
    {
        await PublishAsync("s", 1);

        Assert.That(await _dispatch.RunOnceAsync(None), Is.True);
        Assert.That(await _dispatch.RunOnceAsync(None), Is.False);
        Assert.That(_transport.Published, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Retry_carries_the_same_id_and_text()
    {
        await PublishAsync("s", 1);
        var bodies = new List<string>();
        _transport.Behaviour = (outgoing, _) =>
        {
            bodies.Add(Encoding.UTF8.GetString(outgoing.Body.Span));
            return bodies.Count == 1 ? throw new IOException("broker") : Task.CompletedTask;
        };

        await _dispatch.RunOnceAsync(None);
        Assert.That(await _dispatch.RunOnceAsync(None), Is.False, "not before its time");
        _time.Advance(TimeSpan.FromSeconds(1.5));
        await _dispatch.RunOnceAsync(None);

        Assert.That(bodies, Has.Count.EqualTo(2));
        Assert.That(bodies[1], Is.EqualTo(bodies[0]));
        Assert.That(await CountAsync("published_at IS NOT NULL AND attempts = 1"), Is.EqualTo(1));
    }

    [Test]
    public async Task Only_the_kind_of_a_failure_is_kept()
    {
        await PublishAsync("s", 1);
        _transport.Behaviour = (_, _) => throw new IOException("somebody@example.com");

        await _dispatch.RunOnceAsync(None);

        Assert.That(await _database.ReadAsync(s => s.QuerySingleAsync<string>("SELECT last_error FROM outbox"), None), Is.EqualTo("IOException"));
    }

    [Test]
    public async Task Event_that_keeps_failing_is_parked_counted_and_still_tried()
    {
        await PublishAsync("s", 1);
        _transport.Behaviour = (_, _) => throw new IOException("broker");
        for (var attempt = 1; attempt <= 10; attempt++)
        {
            await _dispatch.RunOnceAsync(None);
            _time.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.That(await CountAsync("parked = 1 AND attempts = 10"), Is.EqualTo(1));
        Assert.That(_meters.SumOf(MetricNames.OutboxParked), Is.EqualTo(1));
        Assert.That(await _dispatch.RunOnceAsync(None), Is.False, "it waits longer now");

        _transport.Behaviour = (_, _) => Task.CompletedTask;
        _time.Advance(TimeSpan.FromMinutes(15));
        await _dispatch.RunOnceAsync(None);

        Assert.That(_transport.Published, Has.Count.EqualTo(1));
        Assert.That(_meters.SumOf(MetricNames.OutboxParked), Is.EqualTo(1));
    }

    [Test]
    public async Task Failure_holds_back_the_later_events_of_its_subject_only()
    {
        await PublishAsync("broken", 1, 2);
        await PublishAsync("sound", 3, 4);
        _transport.Behaviour = (outgoing, _) => Encoding.UTF8.GetString(outgoing.Body.Span).Contains("broken", StringComparison.Ordinal) ? throw new IOException("broker") : Task.CompletedTask;

        await _dispatch.RunOnceAsync(None);

        Assert.That(VersionsPublished(), Is.EqualTo(["3", "4"]));
        Assert.That(await CountAsync("published_at IS NULL AND attempts = 1"), Is.EqualTo(1));
        Assert.That(await CountAsync("published_at IS NULL AND attempts = 0"), Is.EqualTo(1));
        _transport.Behaviour = (_, _) => Task.CompletedTask;
        _time.Advance(TimeSpan.FromSeconds(1.5));
        await _dispatch.RunOnceAsync(None);
        Assert.That(VersionsPublished(), Is.EqualTo(["3", "4", "1", "2"]));
    }

    [Test]
    public async Task Slow_broker_counts_as_failed_after_the_timeout()
    {
        await PublishAsync("s", 1);
        _transport.Behaviour = (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

        var pass = _dispatch.RunOnceAsync(None);
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return pass.IsCompleted;
            },
            "the pass ends");
        await pass;

        Assert.That(await CountAsync("published_at IS NULL AND attempts = 1"), Is.EqualTo(1));
    }

    [Test]
    public async Task Stopping_dispatcher_frees_what_it_has_not_published()
    {
        await PublishAsync("s", 1, 2);
        using var stopping = new CancellationTokenSource();
        _transport.Behaviour = async (_, cancellationToken) =>
        {
            await stopping.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        };

        await _dispatch.RunOnceAsync(stopping.Token);

        Assert.That(await CountAsync("published_at IS NULL AND attempts = 0"), Is.EqualTo(2));
        _transport.Behaviour = (_, _) => Task.CompletedTask;
        await Dispatcher().RunOnceAsync(None);
        Assert.That(VersionsPublished(), Is.EqualTo(["1", "2"]));
    }

    [Test]
    public async Task Claim_of_a_dead_dispatcher_lapses()
    {
        await PublishAsync("s", 1);
        var store = new OutboxStore(_database, _meters.Metrics, _time);
        Assert.That(await store.ClaimAsync(10, TimeSpan.FromSeconds(15), None), Has.Count.EqualTo(1));

        Assert.That(await _dispatch.RunOnceAsync(None), Is.False);
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.That(await _dispatch.RunOnceAsync(None), Is.True);
    }

    [Test]
    public async Task Restart_on_SQLite_does_not_wait_for_its_own_old_claim()
    {
        await PublishAsync("s", 1);
        var store = new OutboxStore(_database, _meters.Metrics, _time);
        await store.ClaimAsync(10, TimeSpan.FromSeconds(15), None);

        await store.FreeClaimsAsync(None);

        Assert.That(await _dispatch.RunOnceAsync(None), Is.EqualTo(engine == Engine.Sqlite));
    }

    [Test]
    public async Task Dispatchers_side_by_side_publish_each_event_once()
    {
        for (var i = 0; i < 30; i++)
        {
            await PublishAsync($"s{i}", i);
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Dispatcher().RunOnceAsync(None)));
        await _dispatch.RunOnceAsync(None);

        Assert.That(_transport.Published.Select(p => p.Id).Distinct().Count(), Is.EqualTo(30));
        Assert.That(_transport.Published, Has.Count.EqualTo(30));
        Assert.That(_meters.SumOf(MetricNames.OutboxPublished), Is.EqualTo(30));
    }

    [Test]
    public async Task Metrics_show_how_much_waits_and_how_long()
    {
        await PublishAsync("s", 1, 2);
        _time.Advance(TimeSpan.FromSeconds(90));
        var store = new OutboxStore(_database, _meters.Metrics, _time);

        var due = await store.MeasureAsync(None);

        Assert.That(due, Is.EqualTo(TimeSpan.FromSeconds(-90)));
        Assert.That(_meters.ValueOf(MetricNames.OutboxDepth), Is.EqualTo(2));
        Assert.That(_meters.ValueOf(MetricNames.OutboxAge), Is.EqualTo(90));
        await _dispatch.RunOnceAsync(None);
        Assert.That(await store.MeasureAsync(None), Is.Null);
        Assert.That(_meters.ValueOf(MetricNames.OutboxAge), Is.Zero);
    }

    [Test]
    public async Task Old_events_are_deleted_and_unpublished_ones_never()
    {
        await PublishAsync("old", 1);
        await _dispatch.RunOnceAsync(None);
        await _database.WriteAsync(
            t => t.ExecuteAsync("INSERT INTO inbox (consumer, source, event_id, received_at) VALUES ('c', 's', 'old', @now)", new { now = _time.GetUtcNow().ToMicroseconds() }), None);
        await PublishAsync("waiting", 2);
        var clean = new CleanUpEvents(
            _database, Microsoft.Extensions.Options.Options.Create(new EventOptions()), _time, NullLogger<CleanUpEvents>.Instance);

        _time.Advance(TimeSpan.FromHours(23));
        await clean.RunOnceAsync(None);
        Assert.That(await CountAsync("1 = 1"), Is.EqualTo(2));
        _time.Advance(TimeSpan.FromDays(30));
        await clean.RunOnceAsync(None);

        Assert.That(await CountAsync("subject = 'waiting'"), Is.EqualTo(1));
        Assert.That(await CountAsync("1 = 1"), Is.EqualTo(1));
        Assert.That(await _database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT COUNT(*) FROM inbox"), None), Is.Zero);
    }

    [Test]
    public async Task Event_above_64_KiB_is_refused_in_the_transaction()
    {
        await Assert.ThatAsync(
            () => _database.WriteAsync(t => _publisher.PublishAsync(t, "topic", "s", new SegmentRefreshed { Segment = new string('x', 70_000) }), None),
            Throws.ArgumentException);

        Assert.That(await CountAsync("1 = 1"), Is.Zero);
    }

    private DispatchOutbox Dispatcher() =>
        new(new OutboxStore(_database, _meters.Metrics, _time), _bus, _meters.Metrics, _time, new Random(1), NullLogger<DispatchOutbox>.Instance);

    private Task PublishAsync(string subject, params int[] versions) => _database.WriteAsync(
        async t =>
        {
            foreach (var version in versions)
            {
                await _publisher.PublishAsync(t, "topic", subject, new SegmentRefreshed { Segment = subject, Version = version });
            }
        },
        None);

    private IEnumerable<string> VersionsPublished() => _transport.Published.Select(outgoing =>
    {
        using var json = System.Text.Json.JsonDocument.Parse(outgoing.Body);
        return json.RootElement.GetProperty("data").GetProperty("version").GetString()!;
    });

    private Task<long> CountAsync(string where) =>
        _database.ReadAsync(s => s.QuerySingleAsync<long>($"SELECT COUNT(*) FROM outbox WHERE {where}"), None);
}
