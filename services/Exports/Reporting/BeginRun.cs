using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Reporting;

/// <summary>A worker takes a run over, for the first time or again after a crash.</summary>
internal sealed class BeginRun(Database database, CheckWorker worker, EndRun end, TimeProvider time)
{
    public Task<Result<ExportRun>> RunAsync(ClaimedRun claimed, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => BeginAsync(transaction, claimed), cancellationToken);

    private async Task<Result<ExportRun>> BeginAsync(Transaction transaction, ClaimedRun claimed)
    {
        var name = claimed.Name;
        // The export first, as everywhere: its row shows the state of the last run.
        if (await RunStore.FindAsync(transaction, name) is not { } found)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (worker.Refuse(found, claimed) is { } refusal)
        {
            return refusal;
        }

        var export = await ExportStore.LockByUidAsync(transaction, found.ExportUid);
        var run = await RunStore.LockAsync(transaction, name);
        if (run is null || ExportTransitions.Next(run.State, RunAction.Begin) is not { } next)
        {
            return Over(name);
        }

        // Whoever had it did not live to stop it, or was never able to begin: there may be nobody else to hear of it.
        if (run.CancelRequested && ExportTransitions.Next(run.State, RunAction.ConfirmCancel) is { } canceled)
        {
            await end.RunAsync(transaction, export, run with { State = canceled });
            return Over(name);
        }

        var now = time.GetStorableNow();
        var begun = run with { State = next, StartTime = run.StartTime ?? now, ProgressTime = now };
        await RunStore.UpdateAsync(transaction, begun);
        if (export is not null)
        {
            await ExportStore.SetLastRunAsync(transaction, export.Uid, begun.State, ended: null);
        }

        return begun;
    }

    private static Refusal Over(RunName name) => Refusal.Precondition("RUN_ENDED", $"{name} is over.");
}
