using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>How a person wants a run.</summary>
/// <param name="ResendAll">Send every member, whatever was delivered before; includes the full comparison.</param>
/// <param name="RequestId">Repeats of one request carry the same; empty when nobody repeats.</param>
internal sealed record RunWish(bool FullComparison, bool ResendAll, string RequestId)
{
    /// <summary>Take everybody out instead, and follow refreshes no longer (D-08).</summary>
    public bool EmptyAudiences { get; init; }
}

/// <summary>Starts a run because a person asks (EXP-30).</summary>
internal sealed class RunExport(Database database, ExportRights rights, PlanRun plan, ExportStamp stamp, OpenRun open)
{
    public async Task<Result<ExportRun>> RunAsync(ExportName name, RunWish wish, Caller caller, CancellationToken cancellationToken)
    {
        if (!PlainText.IsRequestId(wish.RequestId))
        {
            return Refusal.Invalid("request_id", PlainText.RequestIdRule);
        }

        if (wish.EmptyAudiences && (wish.FullComparison || wish.ResendAll))
        {
            return Refusal.Invalid("empty_audiences", "cannot be together with full_comparison or resend_all: a run either delivers or takes out.");
        }

        if (await database.ReadAsync(session => ExportStore.FindAsync(session, name), cancellationToken) is not { } export)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (await rights.RefuseAsync(export, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var made = await plan.RunAsync(export.Definition, wish.EmptyAudiences, cancellationToken);
        var order = new RunOrder(RunTrigger.OnDemand, caller.Principal, wish.FullComparison || wish.ResendAll, wish.RequestId)
        {
            ResendAll = wish.ResendAll,
            EmptyAudiences = wish.EmptyAudiences,
        };
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
            : await open.RunAsync(transaction, order.EmptyAudiences ? await StopFollowingAsync(transaction, export) : export, order, made);
    }

    // What has just been taken out must not come back by itself.
    private async Task<Export> StopFollowingAsync(Transaction transaction, Export export)
    {
        var stopped = stamp.StopFollowing(export);
        await ExportStore.UpdateDefinitionAsync(transaction, stopped, await ExportStore.SettledVersionsAsync(transaction, export.Uid));
        return stopped;
    }
}
