using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Starts a run because a person asks (EXP-30).</summary>
internal sealed class RunExport(Database database, ExportRights rights, PlanRun plan, OpenRun open)
{
    public async Task<Result<ExportRun>> RunAsync(ExportName name, bool fullComparison, string requestId, Caller caller, CancellationToken cancellationToken)
    {
        if (!PlainText.IsRequestId(requestId))
        {
            return Refusal.Invalid("request_id", PlainText.RequestIdRule);
        }

        if (await database.ReadAsync(session => ExportStore.FindAsync(session, name), cancellationToken) is not { } export)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (await rights.RefuseAsync(export, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var made = await plan.RunAsync(export.Definition, cancellationToken);
        var order = new RunOrder(RunTrigger.OnDemand, caller.Principal, fullComparison, requestId);
        return await database.WriteAsync(transaction => OpenAsync(transaction, export, order, made), cancellationToken);
    }

    private async Task<Result<ExportRun>> OpenAsync(Transaction transaction, Export seen, RunOrder order, RunPlan made)
    {
        if (await ExportStore.LockByUidAsync(transaction, seen.Uid) is not { } export)
        {
            return Refusal.NotFound(seen.Name.ToString());
        }

        if (order.RequestId.Length > 0 && await RunStore.FindByRequestAsync(transaction, export.Uid, order.RequestId) is { } earlier)
        {
            return earlier;
        }

        if (await RunStore.FindActiveAsync(transaction, export.Uid) is { } active)
        {
            return Refusal.Precondition("RUN_ACTIVE", $"{active.Name} is not over yet. Wait for it, or cancel it.");
        }

        if (export.Etag != seen.Etag)
        {
            return Refusal.StaleEtag(export.Name.ToString());
        }

        return made.Obstacle is { } obstacle
            ? Refusal.Precondition(obstacle.Reason, obstacle.Message)
            : await open.RunAsync(transaction, export, order, made);
    }
}
