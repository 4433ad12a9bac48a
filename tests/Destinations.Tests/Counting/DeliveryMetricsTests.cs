using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Remembering;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Destinations.Counting;

[Parallelizable(ParallelScope.All)]
public sealed class DeliveryMetricsTests
{
    [Test]
    public void Every_declared_name_is_emitted_with_the_destination_and_no_other()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var measurements = new Measurements(services);
        var destination = new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System);
        var metrics = new DeliveryMetrics(services.GetRequiredService<IMeterFactory>(), destination);

        metrics.Sent(Answer.Delivered, 2, TimeSpan.FromSeconds(1));
        metrics.Waited(TimeSpan.FromSeconds(1));
        metrics.Settled(RowClass.Added, 2);
        metrics.Committed(TimeSpan.FromSeconds(1));
        metrics.Ended(RunState.Successful, "");
        measurements.ReadGauges();
        Assert.That(measurements.Of(DeliveryMetricNames.LedgerSize), Is.Empty, "nobody has counted yet");
        metrics.Holds([new LedgerCount(LedgerState.Delivered, 7)]);
        measurements.ReadGauges();

        var declared = typeof(DeliveryMetricNames).GetFields().Where(field => field.Name != nameof(DeliveryMetricNames.Meter)).Select(field => (string)field.GetRawConstantValue()!);
        Assert.That(measurements.All.Select(m => m.Name).Distinct(), Is.EquivalentTo(declared));
        Assert.That(measurements.Of(DeliveryMetricNames.LedgerSize).Select(m => m.Tags), Is.EquivalentTo(Enum.GetNames<LedgerState>().Select(state => $"destination={destination.Type} state={state}")));
        Assert.That(measurements.All.Select(m => m.Tags), Has.All.StartsWith($"destination={destination.Type}"));
    }
}
