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
        using var measurements = new Measurements(services);
        var metrics = new DeliveryMetrics(services.GetRequiredService<IMeterFactory>(), new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System));
        using var measure = new MeasureLedger(Database, metrics, TimeProvider.System, NullLogger<MeasureLedger>.Instance);

        await measure.RunOnceAsync(Token);

        measurements.ReadGauges();
        var shown = measurements.Of(DeliveryMetricNames.LedgerSize).Select(size => (size.Tags.Split("state=")[1], size.Value));
        Assert.That(shown, Is.EquivalentTo(new[] { ("Delivered", 2d), ("Duplicate", 0d), ("Rejected", 0d), ("Removed", 1d), ("Due", 0d) }));
    }
}
