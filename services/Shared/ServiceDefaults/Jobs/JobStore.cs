using System.Data.Common;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>The jobs table, from the loops' side.</summary>
/// <param name="database">The service's database.</param>
/// <param name="time">The clock.</param>
/// <param name="owner">Names this process among the replicas.</param>
internal sealed class JobStore(Database database, TimeProvider time, string owner)
{
    // Epochs start from the clock, so that they also grow when a job is done and a later one has the same key.
    private const string Claim =
        """
        UPDATE jobs SET running = 1, attempt = attempt + 1, lease_owner = @owner, lease_until = @until,
          epoch = CASE WHEN epoch >= @now THEN epoch + 1 ELSE @now END
        WHERE position = (
          SELECT position FROM jobs AS candidate WHERE kind = @kind AND (
            (running = 1 AND lease_until <= @now AND NOT (lease_owner = @owner AND job_key {0}))
            OR (running = 0 AND next_at <= @now
              AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.job_group = candidate.job_group AND other.running = 1)))
          ORDER BY position LIMIT 1{1})
        RETURNING kind, job_key, job_group, payload, traceparent AS trace_parent, attempt, failures, epoch
        """;

    public Engine Engine => database.Engine;

    /// <summary>Takes the next job that is due or whose lease lapsed; null when there is none.</summary>
    /// <param name="kind">Which jobs.</param>
    /// <param name="mine">Keys that this process works on: it does not take those over from itself when a renewal is late.</param>
    /// <param name="lease">How long it is ours unless renewed.</param>
    public async Task<ClaimedJob?> ClaimAsync(string kind, IReadOnlyList<string> mine, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var parameters = new { kind, owner, mine, now = now.ToMicroseconds(), until = (now + lease).ToMicroseconds() };
        try
        {
            return await database.WriteAsync(
                async transaction =>
                {
                    var sql = Claim.Replace("{0}", transaction.AnyOf("mine"), StringComparison.Ordinal)
                        .Replace("{1}", transaction.ForUpdateSkipLocked, StringComparison.Ordinal);
                    return (await transaction.QueryAsync<ClaimedJob>(sql, parameters)).SingleOrDefault();
                },
                cancellationToken);
        }
        catch (DbException exception) when (exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // Another replica took a job of the same group at the same moment.
            return null;
        }
    }

    /// <summary>Prolongs a lease. False when it was taken over.</summary>
    public Task<bool> RenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken) =>
        ChangeAsync(job, "lease_until = @at", (time.GetUtcNow() + lease).ToMicroseconds(), null, cancellationToken);

    /// <summary>Puts a job back for later, because its handler said so. False when it was taken over.</summary>
    public Task<bool> PostponeAsync(ClaimedJob job, DateTimeOffset at, CancellationToken cancellationToken) => ChangeAsync(
        job, "running = 0, lease_owner = NULL, lease_until = NULL, next_at = @at, failures = 0, last_error = NULL", at.ToMicroseconds(), null, cancellationToken);

    /// <summary>Puts a job back for later, because its handler failed. False when it was taken over.</summary>
    public Task<bool> FailAsync(ClaimedJob job, DateTimeOffset at, string kindOfError, CancellationToken cancellationToken) => ChangeAsync(
        job, "running = 0, lease_owner = NULL, lease_until = NULL, next_at = @at, failures = failures + 1, last_error = @error", at.ToMicroseconds(), kindOfError, cancellationToken);

    /// <summary>Gives a job back unfinished, so that another replica takes it at once.</summary>
    public Task<bool> ReleaseAsync(ClaimedJob job, CancellationToken cancellationToken) => ChangeAsync(
        job, "running = 0, lease_owner = NULL, lease_until = NULL, next_at = @at", time.GetUtcNow().ToMicroseconds(), null, cancellationToken);

    /// <summary>Removes a job that is done. False when it was taken over.</summary>
    public Task<bool> CompleteAsync(ClaimedJob job, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction => await transaction.ExecuteAsync(
            "DELETE FROM jobs WHERE kind = @Kind AND job_key = @JobKey AND epoch = @Epoch AND running = 1", new { job.Kind, job.JobKey, job.Epoch }) == 1,
        cancellationToken);

    /// <summary>How long until a job of the kind may be due or lapse; null when there is none.</summary>
    public async Task<TimeSpan?> NextDueAsync(string kind, CancellationToken cancellationToken)
    {
        var next = await database.ReadAsync(
            session => session.QuerySingleAsync<long?>("SELECT MIN(CASE WHEN running = 1 THEN lease_until ELSE next_at END) FROM jobs WHERE kind = @kind", new { kind }),
            cancellationToken);
        return Timestamps.FromMicroseconds(next) - time.GetUtcNow();
    }

    private Task<bool> ChangeAsync(ClaimedJob job, string changes, long at, string? error, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction => await transaction.ExecuteAsync(
            $"UPDATE jobs SET {changes} WHERE kind = @Kind AND job_key = @JobKey AND epoch = @Epoch AND running = 1",
            new { job.Kind, job.JobKey, job.Epoch, at, error }) == 1,
        cancellationToken);
}

/// <summary>A job that this process holds.</summary>
internal sealed record ClaimedJob(string Kind, string JobKey, string JobGroup, string Payload, string? TraceParent, long Attempt, long Failures, long Epoch)
{
    public LeasedJob ToLeased() => new(new Job(Kind, JobKey, JobGroup, Payload), (int)Attempt, Epoch);
}
