using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>A refreshed segment makes a run due for every export that holds it and follows refreshes (EXP-7).</summary>
internal sealed class StartRuns(OpenRunJob openRun)
{
    public async Task RunAsync(Transaction transaction, string segment)
    {
        foreach (var export in await ExportStore.LockFollowersAsync(transaction, segment))
        {
            var active = await RunStore.FindActiveAsync(transaction, export.Uid);

            // A worker has not begun to read yet: when it does, it will see this version.
            if (active is { State: RunState.Queued })
            {
                continue;
            }

            await ExportStore.SetDueAsync(transaction, export.Uid, RunTrigger.SegmentRefreshed);
            if (active is null)
            {
                await openRun.EnqueueAsync(transaction, export);
            }
        }
    }
}
