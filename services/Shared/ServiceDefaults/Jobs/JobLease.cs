using System.Diagnostics.CodeAnalysis;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Fencing for transactions of a job.</summary>
public sealed class JobLease
{
    /// <summary>
    /// Locks the job row until the transaction ends, so that nobody takes the job over in the meantime, and throws
    /// <see cref="LeaseLostException"/> unless this claim is still the latest.
    /// </summary>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "Whoever fences says so by asking for it in the constructor.")]
    public async Task AssertHeldAsync(Transaction transaction, LeasedJob job)
    {
        // KEY SHARE keeps claims (FOR UPDATE) out and lets renewals of the lease (plain updates) through, however long
        // the transaction takes.
        var held = await transaction.QuerySingleOrDefaultAsync<long>(
            $"""
            SELECT COUNT(*) FROM (
              SELECT epoch FROM jobs WHERE kind = @Kind AND job_key = @Key AND running = 1
              {(transaction.Engine == Engine.PostgreSql ? "FOR KEY SHARE" : "")}) AS latest
            WHERE epoch = @Epoch
            """,
            new { job.Job.Kind, job.Job.Key, job.Epoch });
        if (held == 0)
        {
            throw new LeaseLostException(job.Job.Kind, job.Job.Key);
        }
    }
}

/// <summary>Another replica has taken the job over.</summary>
public sealed class LeaseLostException(string kind, string key) : Exception($"The lease of {kind} {key} was taken over.");
