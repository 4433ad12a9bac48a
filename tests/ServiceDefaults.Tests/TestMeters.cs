using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CustomerInsights.ServiceDefaults.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests;

/// <summary>Metrics of one test: what was counted, and what the gauges show.</summary>
internal sealed class TestMeters : IDisposable
{
    private readonly ServiceProvider _container = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly ConcurrentDictionary<string, double> _values = new();
    private readonly MeterListener _listener = new();

    public TestMeters()
    {
        var factory = _container.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == factory)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Note(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Note(instrument, value));
        _listener.Start();
        Metrics = new ServiceMetrics(factory, "test");
    }

    public ServiceMetrics Metrics { get; }

    public IEnumerable<string> Names => _values.Keys;

    public double SumOf(string name) => _sums.GetValueOrDefault(name);

    public double ValueOf(string name)
    {
        _listener.RecordObservableInstruments();
        return _values[name];
    }

    public void Dispose()
    {
        _listener.Dispose();
        _container.Dispose();
    }

    private void Note(Instrument instrument, double value)
    {
        _values[instrument.Name] = value;
        _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
    }
}
