using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>A service with nothing but events: its own container and database, on a bus that it may share.</summary>
internal sealed class EventTestService : IAsyncDisposable
{
    private readonly ServiceProvider _container;

    private EventTestService(ServiceProvider container) => _container = container;

    public Database Database => Get<Database>();

    public ConcurrentQueue<Event<SegmentRefreshed>> Handled { get; } = new();

    /// <summary>A further statement of the handler in the event's transaction.</summary>
    public Func<Transaction, Task> Statement { get; set; } = _ => Task.CompletedTask;

    /// <summary>What the handler does before it notes the event; replaced by tests of failures.</summary>
    public Func<Event<SegmentRefreshed>, EventOutcome> Behaviour { get; set; } = _ => EventOutcome.Handled;

    public static async Task<EventTestService> StartAsync(string appId, TestDatabase test, EventBus bus, string? topic, TimeProvider? time = null)
    {
        EventTestService? service = null;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddOptions<EventOptions>();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton<IdGenerator>();
        var database = await test.OpenAsync(appId, time: time);
        await database.WriteAsync(t => t.ExecuteAsync("CREATE TABLE IF NOT EXISTS effects (event_id TEXT NOT NULL)"), CancellationToken.None);
        services.AddSingleton(database);
        services.AddEvents(appId, bus);
        services.AddScoped(_ => new NotingHandler(service!));
        if (topic is not null)
        {
            services.AddSubscription<SegmentRefreshed, NotingHandler>(appId, topic);
        }

        service = new EventTestService(services.BuildServiceProvider());
        foreach (var hosted in service._container.GetServices<IHostedService>())
        {
            await hosted.StartAsync(CancellationToken.None);
        }

        return service;
    }

    public static Task StartBusAsync(EventBus bus, EventTransportKind kind, Uri? address = null) => bus.StartAsync(
        new EventBusSettings(
            new EventOptions { Transport = kind, RabbitMq = new RabbitMqOptions { Uri = address ?? (kind == EventTransportKind.RabbitMq ? TestServers.RabbitMq : null) } },
            SidecarOptions.Of(new ConfigurationBuilder().Build())),
        TimeProvider.System,
        Random.Shared,
        NullLoggerFactory.Instance,
        CancellationToken.None);

    public T Get<T>()
        where T : notnull => _container.GetRequiredService<T>();

    public Task PublishAsync(string topic, string subject, SegmentRefreshed data) =>
        Database.WriteAsync(t => Get<EventPublisher>().PublishAsync(t, topic, subject, data), CancellationToken.None);

    public Task<long> CountAsync(string table, string where = "1 = 1") =>
        Database.ReadAsync(s => s.QuerySingleAsync<long>($"SELECT COUNT(*) FROM {table} WHERE {where}"), CancellationToken.None);

    /// <summary>Sums a counter of this service from now on.</summary>
    public MeterListener Listen(string name, Action<long, string?> measured)
    {
        var factory = Get<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == name && instrument.Meter.Scope == factory)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            string? reason = null;
            foreach (var tag in tags)
            {
                reason = tag.Key == "reason" ? (string?)tag.Value : reason;
            }

            measured(value, reason);
        });
        listener.Start();
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hosted in _container.GetServices<IHostedService>().Reverse())
        {
            await hosted.StopAsync(CancellationToken.None);
        }

        await _container.DisposeAsync();
    }

    private sealed class NotingHandler(EventTestService service) : IEventHandler<SegmentRefreshed>
    {
        public async Task<EventOutcome> HandleAsync(Event<SegmentRefreshed> received, Transaction transaction, CancellationToken cancellationToken)
        {
            await transaction.ExecuteAsync("INSERT INTO effects (event_id) VALUES (@Id)", new { received.Id });
            await service.Statement(transaction);
            var outcome = service.Behaviour(received);
            transaction.AfterCommit(() => service.Handled.Enqueue(received));
            return outcome;
        }
    }
}
