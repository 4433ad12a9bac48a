using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Opens the run that is due for an export, unless one is active: then the end of that one leads here again.</summary>
internal sealed class OpenDueRun(Database database, PlanRun plan, OpenRun open)
{
    private const string Refreshes = "service:segments";
    private const string Ourselves = "service:exports";

    /// <summary>False when the export changed while other services were asked; the caller comes back.</summary>
    public async Task<bool> RunAsync(string exportUid, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => ExportStore.FindByUidAsync(session, exportUid), cancellationToken) is not { Due: not null } export)
        {
            return true;
        }

        var made = await plan.RunAsync(export.Definition, emptyAudiences: false, cancellationToken);
        return await database.WriteAsync(transaction => OpenAsync(transaction, export, made), cancellationToken);
    }

    private async Task<bool> OpenAsync(Transaction transaction, Export seen, RunPlan made)
    {
        if (await ExportStore.LockByUidAsync(transaction, seen.Uid) is not { Due: { } trigger } export
            || await RunStore.FindActiveAsync(transaction, seen.Uid) is not null)
        {
            return true;
        }

        if (export.Etag != seen.Etag)
        {
            return false;
        }

        await open.RunAsync(transaction, export, new RunOrder(trigger, trigger == RunTrigger.CatchUp ? Ourselves : Refreshes, FullComparison: false, RequestId: ""), made);
        return true;
    }
}
