using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Work that takes longer than a message handler may: stored, claimed by lease, taken over when the lease lapses.</summary>
public sealed class JobQueue
{
    private readonly TimeProvider _time;
    private readonly JobSignals _signals;

    /// <summary>A queue whose jobs wait for a loop that polls; for tests of use cases.</summary>
    public JobQueue(TimeProvider time)
        : this(time, new JobSignals())
    {
    }

    internal JobQueue(TimeProvider time, JobSignals signals) => (_time, _signals) = (time, signals);

    /// <summary>
    /// Stores a job in the caller's transaction. A job of the same kind and key that is not done yet is left as it is
    /// (false is returned).
    /// </summary>
    public async Task<bool> EnqueueAsync(Transaction transaction, Job job)
    {
        var trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;
        var added = await transaction.ExecuteAsync(
            """
            INSERT INTO jobs (kind, job_key, job_group, payload, traceparent, next_at, created_at)
            VALUES (@Kind, @Key, @Group, @Payload, @trace, @now, @now)
            ON CONFLICT (kind, job_key) DO NOTHING
            """,
            new { job.Kind, job.Key, job.Group, job.Payload, trace, now = _time.GetUtcNow().ToMicroseconds() });
        transaction.AfterCommit(_signals.Of(job.Kind).Set);
        return added == 1;
    }

    /// <summary>Removes a job that nobody has claimed. False when it is claimed, done or unknown.</summary>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "Belongs to the queue as storing does.")]
    public async Task<bool> WithdrawAsync(Transaction transaction, string kind, string key) =>
        await transaction.ExecuteAsync("DELETE FROM jobs WHERE kind = @kind AND job_key = @key AND running = 0", new { kind, key }) == 1;
}
