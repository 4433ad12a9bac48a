using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Counting;

/// <summary>What an operator watches. Tags are destination, answer and class: never a customer, a key or a host.</summary>
internal sealed class DeliveryMetrics
{
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] };
    private static readonly InstrumentAdvice<int> Sizes = new() { HistogramBucketBoundaries = [0, 1, 10, 50, 75, 100, 500, 1000, 10_000, 100_000, 1_000_000] };

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<int> _requestRows;
    private readonly Histogram<double> _limitWait;
    private readonly Counter<long> _rows;
    private readonly Histogram<double> _commitDuration;
    private readonly Counter<long> _runs;

    private readonly KeyValuePair<string, object?> _destination;
    private volatile IReadOnlyList<LedgerCount> _ledger = [];

    public DeliveryMetrics(IMeterFactory meters, IDestination destination)
    {
        _destination = Tag("destination", destination.Type);
        var meter = meters.Create(DeliveryMetricNames.Meter);
        _requests = meter.CreateCounter<long>(DeliveryMetricNames.Requests, "{request}", "Requests sent to a destination, by answer.");
        _requestDuration = meter.CreateHistogram(DeliveryMetricNames.RequestDuration, "s", "Time from sending a request to its outcome.", null, Seconds);
        _requestRows = meter.CreateHistogram(DeliveryMetricNames.RequestRows, "{row}", "Rows in a request.", null, Sizes);
        _limitWait = meter.CreateHistogram(DeliveryMetricNames.LimitWait, "s", "Time that a request waited for the allowance of its account.", null, Seconds);
        _rows = meter.CreateCounter<long>(DeliveryMetricNames.Rows, "{row}", "Members settled, by class.");
        _commitDuration = meter.CreateHistogram(DeliveryMetricNames.LedgerCommitDuration, "s", "Time of one ledger transaction.", null, Seconds);
        meter.CreateObservableGauge(
            DeliveryMetricNames.LedgerSize, () => _ledger.Select(counted => new Measurement<long>(counted.Count, _destination, Tag("state", counted.State.ToString()))), "{row}", "Rows of the ledger, by state.");
        _runs = meter.CreateCounter<long>(DeliveryMetricNames.Runs, "{run}", "Runs ended, by state and reason.");
    }

    public void Sent(Answer answer, int rows, TimeSpan duration)
    {
        _requests.Add(1, _destination, Tag("answer", answer.ToString()));
        _requestDuration.Record(duration.TotalSeconds, _destination);
        _requestRows.Record(rows, _destination);
    }

    public void Waited(TimeSpan duration) => _limitWait.Record(duration.TotalSeconds, _destination);

    public void Settled(RowClass rowClass, long count) => _rows.Add(count, _destination, Tag("class", rowClass.ToString()));

    public void Committed(TimeSpan duration) => _commitDuration.Record(duration.TotalSeconds, _destination);

    /// <summary>What the ledger holds; a state that is not among the counts has no rows.</summary>
    public void Holds(IReadOnlyList<LedgerCount> counts) =>
        _ledger = [.. Enum.GetValues<LedgerState>().Select(state => counts.FirstOrDefault(count => count.State == state) ?? new LedgerCount(state, 0))];

    public void Ended(RunState state, string reason) => _runs.Add(1, _destination, Tag("state", state.ToString()), Tag("reason", reason));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
