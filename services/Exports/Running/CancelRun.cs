using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Stops a run because a person asks. What was sent stays sent.</summary>
internal sealed class CancelRun(Database database, ExportRights rights, StopRun stop)
{
    public async Task<Result<ExportRun>> RunAsync(RunName name, Caller caller, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => ExportStore.FindAsync(session, name.Export), cancellationToken) is not { } export)
        {
            return Refusal.NotFound(name.ToString());
        }

        return await rights.RefuseAsync(export, caller, cancellationToken) is { } refusal
            ? refusal
            : await database.WriteAsync(transaction => CancelAsync(transaction, export.Uid, name), cancellationToken);
    }

    private async Task<Result<ExportRun>> CancelAsync(Transaction transaction, string exportUid, RunName name)
    {
        var export = await ExportStore.LockByUidAsync(transaction, exportUid);
        if (export is null || await RunStore.FindAsync(transaction, name) is not { } run || run.ExportUid != exportUid)
        {
            return Refusal.NotFound(name.ToString());
        }

        // Nothing else can become active meanwhile: the export's row is held.
        return run.State.IsActive() && await stop.StopAsync(transaction, export, "CANCELED", "A person stopped the run.") is { } stopped
            ? stopped
            : Refusal.Precondition("RUN_ENDED", $"{name} is over.");
    }
}
