using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Counting;

/// <summary>What an operator watches. Tags are destination, answer and class: never a customer, a key or a host.</summary>
internal sealed class DeliveryMetrics
{
    public const string MeterName = "CustomerInsights.Destinations";

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestDuration;
    private readonly Histogram<int> _requestRows;
    private readonly Counter<long> _rows;
    private readonly Histogram<double> _commitDuration;
    private readonly Counter<long> _runs;

    private readonly KeyValuePair<string, object?> _destination;

    public DeliveryMetrics(IMeterFactory meters, IDestination destination)
    {
        _destination = Tag("destination", destination.Type);
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("customerinsights.delivery.requests", "{request}", "Requests sent to a destination, by answer.");
        _requestDuration = meter.CreateHistogram<double>("customerinsights.delivery.request.duration", "s", "Time from sending a request to its outcome.");
        _requestRows = meter.CreateHistogram<int>("customerinsights.delivery.request.rows", "{row}", "Rows in a request.");
        _rows = meter.CreateCounter<long>("customerinsights.delivery.rows", "{row}", "Members settled, by class.");
        _commitDuration = meter.CreateHistogram<double>("customerinsights.delivery.ledger.commit.duration", "s", "Time of one ledger transaction.");
        _runs = meter.CreateCounter<long>("customerinsights.delivery.runs", "{run}", "Runs ended, by state and reason.");
    }

    public void Sent(Answer answer, int rows, TimeSpan duration)
    {
        _requests.Add(1, _destination, Tag("answer", answer.ToString()));
        _requestDuration.Record(duration.TotalSeconds, _destination);
        _requestRows.Record(rows, _destination);
    }

    public void Settled(RowClass rowClass, long count) => _rows.Add(count, _destination, Tag("class", rowClass.ToString()));

    public void Committed(TimeSpan duration) => _commitDuration.Record(duration.TotalSeconds, _destination);

    public void Ended(RunState state, string reason) => _runs.Add(1, _destination, Tag("state", state.ToString()), Tag("reason", reason));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
