using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Stops the run of an export whose row the transaction holds: a queued one at once, one at work by asking its worker.</summary>
internal sealed class StopRun(EndRun end)
{
    /// <summary>The run as it is now; null when none was active.</summary>
    public async Task<ExportRun?> StopAsync(Transaction transaction, Export export, string reason, string message)
    {
        if (await RunStore.FindActiveAsync(transaction, export.Uid) is not { } found || await RunStore.LockAsync(transaction, found.Name) is not { } run)
        {
            return null;
        }

        var next = ExportTransitions.Next(run.State, RunAction.RequestCancel);
        if (next is null)
        {
            return run;
        }

        var stopped = run with { State = next.Value, CancelRequested = true, Reason = reason, Message = message };
        if (stopped.State.IsActive())
        {
            await RunStore.UpdateAsync(transaction, stopped);
        }
        else
        {
            await end.RunAsync(transaction, export, stopped);
        }

        return stopped;
    }

    /// <summary>As <see cref="StopAsync"/>, but lets a worker finish what it has begun.</summary>
    public async Task StopQueuedAsync(Transaction transaction, Export export, string reason, string message)
    {
        if (await RunStore.FindActiveAsync(transaction, export.Uid) is { State: RunState.Queued })
        {
            await StopAsync(transaction, export, reason, message);
        }
    }
}
