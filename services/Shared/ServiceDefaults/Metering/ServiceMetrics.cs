using System.Diagnostics.Metrics;

namespace CustomerInsights.ServiceDefaults.Metering;

/// <summary>The instruments of one service, with its app id on each measurement.</summary>
internal sealed class ServiceMetrics
{
    // An outside service may say any time; what lies further back says nothing about us.
    private static readonly TimeSpan LongestLag = TimeSpan.FromDays(1);

    private static readonly InstrumentAdvice<double> Waits = new() { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600] };
    private static readonly InstrumentAdvice<double> Work = new() { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200] };

    private readonly KeyValuePair<string, object?> _app;
    private readonly Counter<long> _published;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _claimed;
    private readonly Counter<long> _done;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _leaseLost;
    private readonly Histogram<double> _handling;
    private readonly Histogram<double> _lag;
    private readonly Histogram<double> _work;
    private OutboxBacklog _backlog = new(0, 0);

    public ServiceMetrics(IMeterFactory meters, string appId)
    {
        _app = new("app", appId);
        var meter = meters.Create(MetricNames.Meter);
        _published = meter.CreateCounter<long>(MetricNames.OutboxPublished, "{event}");
        _parked = meter.CreateCounter<long>(MetricNames.OutboxParked, "{event}");
        _handled = meter.CreateCounter<long>(MetricNames.InboxHandled, "{event}");
        _duplicates = meter.CreateCounter<long>(MetricNames.InboxDuplicates, "{event}");
        _deadLetters = meter.CreateCounter<long>(MetricNames.InboxDeadLetters, "{event}");
        _failures = meter.CreateCounter<long>(MetricNames.InboxFailures, "{event}");
        _claimed = meter.CreateCounter<long>(MetricNames.JobsClaimed, "{job}");
        _done = meter.CreateCounter<long>(MetricNames.JobsDone, "{job}");
        _retried = meter.CreateCounter<long>(MetricNames.JobsRetried, "{job}");
        _leaseLost = meter.CreateCounter<long>(MetricNames.JobsLeaseLost, "{job}");
        _handling = meter.CreateHistogram(MetricNames.InboxDuration, "s", null, null, Waits);
        _lag = meter.CreateHistogram(MetricNames.InboxLag, "s", null, null, Waits);
        _work = meter.CreateHistogram(MetricNames.JobsDuration, "s", null, null, Work);
        meter.CreateObservableGauge(MetricNames.OutboxAge, () => new Measurement<double>(_backlog.OldestSeconds, _app), "s");
        meter.CreateObservableGauge(MetricNames.OutboxDepth, () => new Measurement<long>(_backlog.Count, _app), "{event}");
    }

    public void OutboxBacklog(OutboxBacklog backlog) => _backlog = backlog;

    public void Published(string topic) => _published.Add(1, _app, Topic(topic));

    public void Parked(string topic) => _parked.Add(1, _app, Topic(topic));

    /// <summary>An event's effects are committed.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="duration">Since it arrived.</param>
    /// <param name="lag">Since the fact; null when the event does not say when that was.</param>
    public void Handled(string topic, TimeSpan duration, TimeSpan? lag)
    {
        _handled.Add(1, _app, Topic(topic));
        _handling.Record(duration.TotalSeconds, _app, Topic(topic));
        if (lag is { } known)
        {
            _lag.Record(Math.Clamp(known.TotalSeconds, 0, LongestLag.TotalSeconds), _app, Topic(topic));
        }
    }

    public void Duplicate(string topic) => _duplicates.Add(1, _app, Topic(topic));

    public void DeadLetter(string topic, string reason) => _deadLetters.Add(1, _app, Topic(topic), new("reason", reason));

    public void HandlingFailed(string topic) => _failures.Add(1, _app, Topic(topic));

    public void JobClaimed(string kind) => _claimed.Add(1, _app, Kind(kind));

    public void JobDone(string kind) => _done.Add(1, _app, Kind(kind));

    public void JobRetried(string kind) => _retried.Add(1, _app, Kind(kind));

    public void JobEnded(string kind, TimeSpan duration) => _work.Record(duration.TotalSeconds, _app, Kind(kind));

    public void JobLeaseLost(string kind) => _leaseLost.Add(1, _app, Kind(kind));

    private static KeyValuePair<string, object?> Topic(string topic) => new("topic", topic);

    private static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);
}

/// <summary>What waits in the outbox.</summary>
internal sealed record OutboxBacklog(long Count, double OldestSeconds);
