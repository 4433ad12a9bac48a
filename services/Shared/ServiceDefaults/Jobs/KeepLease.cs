using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Renews the lease of a running job, and fires a token when it cannot be sure of it any more.</summary>
internal sealed partial class KeepLease(JobStore store, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryFailedRenewal = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the token fires, or the lease is lost: then it fires <paramref name="lost"/> and returns.</summary>
    public async Task RunAsync(ClaimedJob job, TimeSpan lease, CancellationTokenSource lost, CancellationToken ended)
    {
        var renewedAt = time.GetTimestamp();
        var pause = lease / 3;
        while (true)
        {
            await Task.Delay(pause, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
            {
                return;
            }

            var attemptedAt = time.GetTimestamp();
            switch (await TryRenewAsync(job, lease, lease - time.GetElapsedTime(renewedAt), ended))
            {
                case true:
                    (renewedAt, pause) = (attemptedAt, lease / 3);
                    break;
                case null when time.GetElapsedTime(renewedAt) < lease:
                    pause = RetryFailedRenewal < lease / 3 ? RetryFailedRenewal : lease / 3;
                    break;
                default:
                    await lost.CancelAsync();
                    return;
            }
        }
    }

    /// <summary>True when renewed, false when taken over, null when the database did not answer.</summary>
    private async Task<bool?> TryRenewAsync(ClaimedJob job, TimeSpan lease, TimeSpan left, CancellationToken ended)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ended);
        if (store.Engine == Storage.Engine.PostgreSql)
        {
            // On SQLite a renewal may have to wait for a long writer of this very process, and there is nobody else to take over.
            timeout.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
        }

        try
        {
            return await store.RenewAsync(job, lease, timeout.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception exception)
        {
            Log.NotRenewed(logger, job.Kind, job.JobKey, exception.GetType().Name);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The lease of {Kind} {Key} could not be renewed: {Error}")]
        public static partial void NotRenewed(ILogger logger, string kind, string key, string error);
    }
}
