using System.Text;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

[Parallelizable(ParallelScope.All)]
public sealed class InMemoryTests
{
    // Outboxes work a little longer than the bus, which wrote an error for each event that came too late.
    [Test, CancelAfter(20_000)]
    public async Task Events_that_come_while_it_stops_stay_with_their_senders_and_are_no_error(CancellationToken cancellationToken)
    {
        using var logs = new CapturedLogs();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logs));
        var handled = 0;
        var subscription = new EventSubscription("app", "topic", (_, _) => Task.FromResult(Handle())) { KeepDeadLetterAsync = (_, _) => Task.CompletedTask };
        await using var transport = new InMemoryTransport([subscription], TimeProvider.System, Random.Shared, loggers);
        await transport.StartAsync(cancellationToken);
        var publishing = Enumerable.Range(0, 4).Select(_ => Task.Run(PublishAllAsync, CancellationToken.None)).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref handled) > 100, "events are handled", cancellationToken: cancellationToken);

        await transport.StopAsync(cancellationToken);

        foreach (var publisher in publishing)
        {
            await Assert.ThatAsync(() => publisher, Throws.TypeOf<TransportStoppedException>());
        }

        await Assert.ThatAsync(PublishAllAsync, Throws.TypeOf<TransportStoppedException>(), "too late");
        Assert.That(logs.Unannounced(), Is.Empty);

        async Task PublishAllAsync()
        {
            while (true)
            {
                await transport.PublishAsync(new OutgoingEvent(Some.Id(), "topic", Encoding.UTF8.GetBytes("{}"), null), cancellationToken);
            }
        }

        EventOutcome Handle()
        {
            Interlocked.Increment(ref handled);
            return EventOutcome.Handled;
        }
    }
}
