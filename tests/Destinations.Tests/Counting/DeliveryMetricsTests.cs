using System.Collections.Concurrent;
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
    private readonly ConcurrentQueue<(string Name, string Tags)> _measured = new();

    [Test]
    public void Every_declared_name_is_emitted_with_the_destination_and_no_other()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var listener = Listen(factory);
        var destination = new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System);
        var metrics = new DeliveryMetrics(factory, destination);

        metrics.Sent(Answer.Delivered, 2, TimeSpan.FromSeconds(1));
        metrics.Waited(TimeSpan.FromSeconds(1));
        metrics.Settled(RowClass.Added, 2);
        metrics.Committed(TimeSpan.FromSeconds(1));
        metrics.Ended(RunState.Successful, "");
        listener.RecordObservableInstruments();
        Assert.That(_measured.Select(m => m.Name), Has.None.EqualTo(DeliveryMetricNames.LedgerSize), "nobody has counted yet");
        metrics.Holds([new LedgerCount(LedgerState.Delivered, 7)]);
        listener.RecordObservableInstruments();

        var declared = typeof(DeliveryMetricNames).GetFields().Where(field => field.Name != nameof(DeliveryMetricNames.Meter)).Select(field => (string)field.GetRawConstantValue()!);
        Assert.That(_measured.Select(m => m.Name).Distinct(), Is.EquivalentTo(declared));
        Assert.That(_measured.Where(m => m.Name == DeliveryMetricNames.LedgerSize).Select(m => m.Tags), Is.EquivalentTo(Enum.GetNames<LedgerState>().Select(state => $"destination={destination.Type} state={state}")));
        Assert.That(_measured.Select(m => m.Tags), Has.All.StartsWith($"destination={destination.Type}"));
    }

    private MeterListener Listen(IMeterFactory factory)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == factory)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();
        return listener;
    }

    private void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
}
