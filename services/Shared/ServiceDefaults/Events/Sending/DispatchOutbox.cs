using System.Text;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Sending;

/// <summary>One pass over the outbox: claim, publish, record. Nothing is ever dropped; what keeps failing is tried on a slow schedule.</summary>
internal sealed partial class DispatchOutbox(
    OutboxStore store, EventBus bus, ServiceMetrics metrics, TimeProvider time, Random random, ILogger<DispatchOutbox> logger)
{
    private const int BatchSize = 200;
    private const int AttemptsBeforeParking = 10;

    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
    private static readonly Backoff Parked = new(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10));

    // Between the end of the publish and the record in the database.
    private static readonly TimeSpan ClaimMargin = TimeSpan.FromSeconds(5);

    /// <summary>Publishes up to a batch of due events. False when there were none, or others have them.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        var rows = await store.ClaimAsync(BatchSize, bus.PublishTimeout + ClaimMargin, cancellationToken);
        if (rows.Count == 0)
        {
            return false;
        }

        using var timeout = new CancellationTokenSource(bus.PublishTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var groups = rows.GroupBy(row => (row.Topic, row.Subject)).Select(group => PublishInOrderAsync([.. group], either.Token));
        var outcomes = (await Task.WhenAll(groups)).SelectMany(group => group).ToList();

        // Also when stopping: what is published must not go out again, and what is not must not stay claimed.
        await store.SettleAsync(outcomes, outcome => Schedule(outcome, cancellationToken.IsCancellationRequested), CancellationToken.None);
        foreach (var published in outcomes.Where(outcome => outcome.Failure is null))
        {
            metrics.Published(published.Row.Topic);
        }

        return true;
    }

    private async Task<IReadOnlyList<PublishOutcome>> PublishInOrderAsync(OutboxRow[] rows, CancellationToken cancellationToken)
    {
        var outcomes = new List<PublishOutcome>(rows.Length);
        foreach (var row in rows)
        {
            var stopped = cancellationToken.IsCancellationRequested || outcomes is [.., { Failure: not null }];
            outcomes.Add(stopped ? PublishOutcome.Untried(row) : await PublishAsync(row, cancellationToken));
        }

        return outcomes;
    }

    private async Task<PublishOutcome> PublishAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        using var activity = EventTracing.StartPublish(row.Topic, row.Id, row.TraceParent);
        try
        {
            await bus.PublishAsync(new OutgoingEvent(row.Id, row.Topic, Encoding.UTF8.GetBytes(row.Payload), row.TraceParent), cancellationToken);
            return PublishOutcome.Published(row);
        }
        catch (Exception exception)
        {
            // Whatever it was, the event stays; only its kind is kept, since a broker's text may quote anything.
            Log.NotPublished(logger, row.Id, row.Topic, row.Attempts + 1, exception.GetType().Name);
            return PublishOutcome.Failed(row, exception.GetType().Name);
        }
    }

    private RetrySchedule Schedule(PublishOutcome outcome, bool stopping)
    {
        var (row, now) = (outcome.Row, time.GetUtcNow());
        if (stopping)
        {
            return new RetrySchedule(row.Attempts, now, Parked: false);
        }

        if (!outcome.Tried)
        {
            return new RetrySchedule(row.Attempts, now + Retry.First, row.Attempts >= AttemptsBeforeParking);
        }

        var attempts = row.Attempts + 1;
        if (attempts < AttemptsBeforeParking)
        {
            return new RetrySchedule(attempts, now + Retry.After(attempts, random), Parked: false);
        }

        if (attempts == AttemptsBeforeParking)
        {
            metrics.Parked(row.Topic);
            Log.Parked(logger, row.Id, row.Topic, attempts);
        }

        return new RetrySchedule(attempts, now + Parked.After(1, random), Parked: true);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Event {EventId} of {Topic} was not published, attempt {Attempt}: {Kind}")]
        public static partial void NotPublished(ILogger logger, string eventId, string topic, long attempt, string kind);

        [LoggerMessage(2, LogLevel.Error, "Event {EventId} of {Topic} is parked after {Attempts} attempts; it is tried again every few minutes")]
        public static partial void Parked(ILogger logger, string eventId, string topic, long attempts);
    }
}
