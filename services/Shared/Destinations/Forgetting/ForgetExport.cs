using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>Orders that an export be forgotten. Ordering it twice is harmless.</summary>
internal sealed class ForgetExportJob(JobQueue jobs)
{
    public const string Kind = "forget-export";

    public Task EnqueueAsync(Transaction transaction, string exportUid) =>
        jobs.EnqueueAsync(transaction, new Job(Kind, exportUid, ForgetRegularly.JobKind, ""));
}

/// <summary>
/// Forgets everything about an export that is gone: ledger, removals, flights, audiences. What was sent stays at the
/// destination (EXP-10). Waits for a run of the export, which was told to stop.
/// </summary>
internal sealed partial class ForgetExport(Database database, TimeProvider time, ILogger<ForgetExport> logger) : IJobHandler
{
    private static readonly TimeSpan WhileBusy = TimeSpan.FromSeconds(15);

    public string Kind => ForgetExportJob.Kind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        var uid = job.Job.Key;
        foreach (var audienceId in await database.ReadAsync(session => ForgetStore.ListAudiencesAsync(session, uid), cancellationToken))
        {
            if (!await ForgetAsync(audienceId, cancellationToken))
            {
                return JobOutcome.Retry(time.GetUtcNow() + WhileBusy);
            }

            Log.Forgotten(logger, uid);
        }

        return JobOutcome.Done;
    }

    // False when a run works on the audience.
    private async Task<bool> ForgetAsync(long audienceId, CancellationToken cancellationToken)
    {
        var after = "";
        while (after is not null)
        {
            var page = await database.WriteAsync(
                async transaction => await ForgetStore.LockIdleAsync(transaction, audienceId)
                    ? (IsIdle: true, Last: await ForgetStore.DeletePageAsync(transaction, audienceId, after))
                    : (IsIdle: false, Last: null),
                cancellationToken);
            if (!page.IsIdle)
            {
                return false;
            }

            after = page.Last;
        }

        return await database.WriteAsync(
            async transaction =>
            {
                var idle = await ForgetStore.LockIdleAsync(transaction, audienceId);
                if (idle)
                {
                    await ForgetStore.DeleteAudienceAsync(transaction, audienceId);
                }

                return idle;
            },
            cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Forgot an audience of the export {Uid}, which is gone")]
        public static partial void Forgotten(ILogger logger, string uid);
    }
}
