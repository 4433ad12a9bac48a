using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Events.Sending;

/// <summary>The outbox table, from the dispatcher's side.</summary>
internal sealed class OutboxStore(Database database, ServiceMetrics metrics, TimeProvider time)
{
    /// <summary>Claims the oldest due events until the claim lapses. Several dispatchers get different ones.</summary>
    public async Task<IReadOnlyList<OutboxRow>> ClaimAsync(int limit, TimeSpan claim, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await database.WriteAsync(
            transaction => transaction.QueryAsync<OutboxRow>(
                $"""
                UPDATE outbox SET next_attempt_at = @until
                WHERE position IN (
                  SELECT position FROM outbox WHERE published_at IS NULL AND next_attempt_at <= @now
                  ORDER BY position LIMIT @limit{transaction.ForUpdateSkipLocked})
                RETURNING position, id, topic, subject, payload, traceparent AS trace_parent, attempts
                """,
                new { now = now.ToMicroseconds(), until = (now + claim).ToMicroseconds(), limit }),
            cancellationToken);
        return [.. rows.OrderBy(row => row.Position)];
    }

    /// <summary>Records what became of the claimed events, in one transaction.</summary>
    public Task SettleAsync(IReadOnlyList<PublishOutcome> outcomes, Func<PublishOutcome, RetrySchedule> schedule, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                var published = outcomes.Where(outcome => outcome.Failure is null).Select(outcome => outcome.Row.Position).ToList();
                if (published.Count > 0)
                {
                    await transaction.ExecuteAsync(
                        $"UPDATE outbox SET published_at = @now, last_error = NULL WHERE position {transaction.AnyOf("published")}",
                        new { now = time.GetUtcNow().ToMicroseconds(), published });
                }

                foreach (var outcome in outcomes.Where(outcome => outcome.Failure is not null))
                {
                    var retry = schedule(outcome);
                    await transaction.ExecuteAsync(
                        """
                        UPDATE outbox SET attempts = @Attempts, next_attempt_at = @at, parked = @parked, last_error = @Failure
                        WHERE position = @Position AND published_at IS NULL
                        """,
                        new { retry.Attempts, at = retry.At.ToMicroseconds(), parked = retry.Parked ? 1L : 0L, outcome.Failure, outcome.Row.Position });
                }
            },
            cancellationToken);

    /// <summary>
    /// Frees what an earlier run of this process had claimed. Only where no other process can be at work: on SQLite.
    /// Elsewhere such claims lapse by themselves.
    /// </summary>
    public Task FreeClaimsAsync(CancellationToken cancellationToken) => database.Engine == Engine.Sqlite
        ? database.WriteAsync(
            transaction => transaction.ExecuteAsync(
                "UPDATE outbox SET next_attempt_at = @now WHERE published_at IS NULL AND attempts = 0 AND next_attempt_at > @now",
                new { now = time.GetUtcNow().ToMicroseconds() }),
            cancellationToken)
        : Task.CompletedTask;

    /// <summary>Shows what waits in the metrics, and tells how long until the next one is due; null when nothing waits.</summary>
    public async Task<TimeSpan?> MeasureAsync(CancellationToken cancellationToken)
    {
        var (count, oldest, next) = await database.ReadAsync(
            session => session.QuerySingleAsync<(long, long?, long?)>("SELECT COUNT(*), MIN(created_at), MIN(next_attempt_at) FROM outbox WHERE published_at IS NULL"),
            cancellationToken);
        var now = time.GetUtcNow();
        var age = Timestamps.FromMicroseconds(oldest) is { } since ? (now - since).TotalSeconds : 0;
        metrics.OutboxBacklog(new OutboxBacklog(count, Math.Max(0, age)));
        return Timestamps.FromMicroseconds(next) - now;
    }
}

/// <summary>When a failed event is tried again.</summary>
internal sealed record RetrySchedule(long Attempts, DateTimeOffset At, bool Parked);
