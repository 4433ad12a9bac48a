using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>Removes a segment, its history and, a while later, the table of its members.</summary>
internal sealed class DeleteSegment(Database database, RunningRefreshes running, JobQueue jobs, TimeProvider time)
{
    /// <summary>Null when it is done.</summary>
    public Task<Refusal?> RunAsync(SegmentName name, string etag, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => DeleteAsync(transaction, name, etag), cancellationToken);

    private async Task<Refusal?> DeleteAsync(Transaction transaction, SegmentName name, string etag)
    {
        if (await SegmentStore.LockAsync(transaction, name) is not { } segment)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (etag.Length > 0 && etag != segment.Etag)
        {
            return Refusal.StaleEtag(name.ToString());
        }

        foreach (var refresh in await RefreshStore.ListOpenAsync(transaction, name))
        {
            await jobs.WithdrawAsync(transaction, RefreshJob.Kind, refresh.Name.Refresh);
            transaction.AfterCommit(() => running.Stop(refresh.Name));
        }

        await RefreshStore.RemoveAllAsync(transaction, name);
        await SegmentStore.RemoveAsync(transaction, segment);
        if (segment.Published.Version > 0)
        {
            await jobs.EnqueueAsync(transaction, DiscardMembers.JobFor(segment, time.GetUtcNow()));
        }

        return null;
    }
}
