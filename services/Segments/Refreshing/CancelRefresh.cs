using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Stops a refresh that is queued or at work; the previous membership stays (SEG-28).</summary>
internal sealed class CancelRefresh(Database database, RunningRefreshes running, JobQueue jobs, TimeProvider time)
{
    public Task<Result<SegmentRefresh>> RunAsync(RefreshName name, CancellationToken cancellationToken)
    {
        running.Stop(name);
        return database.WriteAsync(transaction => CancelAsync(transaction, name), cancellationToken);
    }

    private async Task<Result<SegmentRefresh>> CancelAsync(Transaction transaction, RefreshName name)
    {
        await RefreshStore.EndAsync(transaction, name, RefreshState.Canceled, RefreshCounts.None, time.GetUtcNow());
        if (await RefreshStore.FindAsync(transaction, name) is not { } refresh)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (refresh.State is not RefreshState.Canceled)
        {
            return Refusal.Precondition("REFRESH_OVER", $"{name} has ended already: {refresh.State}.");
        }

        await jobs.WithdrawAsync(transaction, RefreshJob.Kind, name.Refresh);
        return refresh;
    }
}
