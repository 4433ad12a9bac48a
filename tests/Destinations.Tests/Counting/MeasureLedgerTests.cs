using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.Destinations.Counting;

public sealed class MeasureLedgerTests(Engine engine) : LedgerFixture(engine)
{
    [Test]
    public async Task Rows_are_counted_by_state()
    {
        await WriteAsync(Delivered("a", "ka"), Delivered("b", "kb"), Delivered("c", "kc"));
        await Database.WriteAsync(transaction => LedgerStore.RemoveAsync(transaction, Scope, ["b"]), Token);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var metrics = new DeliveryMetrics(factory, new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System));
        using var measure = new MeasureLedger(Database, metrics, TimeProvider.System, NullLogger<MeasureLedger>.Instance);

        await measure.RunOnceAsync(Token);

        Assert.That(Read(factory), Is.EquivalentTo(new[] { ("Delivered", 2L), ("Duplicate", 0L), ("Rejected", 0L), ("Removed", 1L), ("Due", 0L) }));
    }

    private static List<(string State, long Count)> Read(IMeterFactory factory)
    {
        var found = new ConcurrentQueue<(string, long)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory && instrument.Name == DeliveryMetricNames.LedgerSize)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => found.Enqueue(($"{tags.ToArray().Single(tag => tag.Key == "state").Value}", count)));
        listener.Start();
        listener.RecordObservableInstruments();
        return [.. found];
    }
}
