using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CustomerInsights.Exports.Running;
using CustomerInsights.Exports.Tests.Staging;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Exports.Tests.Running;

[Parallelizable(ParallelScope.All)]
internal sealed class RunMetricsTests
{
    [Test]
    public async Task A_run_that_is_opened_counts_once_with_what_started_it()
    {
        await using var stage = await Stage.StartAsync(Engine.Sqlite);
        var environment = stage.NewEnvironment();
        var export = await environment.CreateAsync();
        var counted = new ConcurrentQueue<string>();
        using var listener = Listen(stage.Harness.ServicesOf("exports").GetRequiredService<IMeterFactory>(), counted);

        var run = await environment.RunAsync(export);

        await Eventually.TrueAsync(() => !counted.IsEmpty && environment.RequestsFor(run) == 1, "the run is counted, and its worker asked");
        Assert.That(counted, Is.EqualTo(new[] { "1 destination=braze trigger=OnDemand" }));
    }

    private static MeterListener Listen(IMeterFactory factory, ConcurrentQueue<string> counted)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == RunMetricNames.Opened && instrument.Meter.Scope == factory)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            counted.Enqueue(string.Join(' ', [$"{value}", .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")])));
        listener.Start();
        return listener;
    }
}
