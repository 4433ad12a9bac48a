using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Why a run is opened, and how.</summary>
/// <param name="RequestId">Repeats of one request carry the same; empty when nobody repeats.</param>
internal sealed record RunOrder(RunTrigger Trigger, string StartedBy, bool FullComparison, string RequestId)
{
    public bool ResendAll { get; init; }

    public bool EmptyAudiences { get; init; }
}

/// <summary>Opens a run and asks the destination's worker for it, in the transaction that holds the export's row.</summary>
internal sealed partial class OpenRun(
    EndRun end,
    RequestRun request,
    RunMetrics metrics,
    IdGenerator ids,
    TimeProvider time,
    ILogger<OpenRun> logger)
{
    /// <summary>Whatever was due is covered by the run. With an obstacle in the plan, the run goes into the history as skipped.</summary>
    public async Task<ExportRun> RunAsync(Transaction transaction, Export export, RunOrder order, RunPlan plan)
    {
        var run = new ExportRun(
            new RunName(export.Name, ids.Next()),
            export.Uid,
            RunState.Queued,
            order.Trigger,
            order.StartedBy,
            order.FullComparison,
            order.RequestId,
            export.Definition,
            export.Etag,
            plan.DestinationAccount,
            time.GetStorableNow())
        {
            ExportUser = plan.ExportUser,
            ResendAll = order.ResendAll,
            EmptyAudiences = order.EmptyAudiences,
            SegmentDisplayNames = plan.SegmentDisplayNames,
            OpenedVersions = plan.Versions,
            SegmentCounts = [.. export.Definition.Segments.Select(segment => new Reporting.SegmentCounts(segment, 0, 0, 0, 0, 0, 0, 0))],
        };
        await RunStore.InsertAsync(transaction, run);
        await ExportStore.SetDueAsync(transaction, export.Uid, null);
        await ExportStore.SetWarningsAsync(transaction, export.Uid, plan.Warnings);
        transaction.AfterCommit(() =>
        {
            Log.Opened(logger, run.Name.ToString(), order.Trigger);
            metrics.Opened(export.Definition.Settings.Type, order.Trigger);
        });
        if (plan.Obstacle is { } obstacle)
        {
            var skipped = run with { State = RunState.Skipped, Reason = obstacle.Reason, Message = obstacle.Message };
            await end.RunAsync(transaction, export with { Due = null }, skipped);
            return skipped;
        }

        await ExportStore.SetLastRunAsync(transaction, export.Uid, run.State, ended: null);
        await request.RunAsync(transaction, run);
        return run;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Opened {Run}: {Trigger}")]
        public static partial void Opened(ILogger logger, string run, RunTrigger trigger);
    }
}

/// <summary>Asks the destination's worker to take a run over. Asking again is harmless.</summary>
internal sealed class RequestRun(EventPublisher events, DestinationTypes types)
{
    public Task RunAsync(Transaction transaction, ExportRun run) => events.PublishAsync(
        transaction,
        types.Of(run.Definition.Settings).RunTopic,
        run.Name.ToString(),
        new ExportRunRequested
        {
            Run = run.Name.ToString(),
            Export = run.Name.Export.ToString(),
            Connection = run.Definition.Connection,
        });
}
