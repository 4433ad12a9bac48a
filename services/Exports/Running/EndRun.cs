using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Ends a run: history, the versions it settles, the event, and the next run if one is due.</summary>
internal sealed partial class EndRun(OpenRunJob openRun, EventPublisher events, TimeProvider time, ILogger<EndRun> logger)
{
    /// <summary>Runs in the transaction that holds the export's row.</summary>
    /// <param name="export">Null when the export was removed.</param>
    /// <param name="run">The run with its final state, reason and counts.</param>
    public async Task RunAsync(Transaction transaction, Export? export, ExportRun run)
    {
        var ended = run with { EndTime = time.GetStorableNow(), ThrottledUntil = null };
        await RunStore.UpdateAsync(transaction, ended);
        await events.PublishAsync(transaction, Topics.ExportRunCompleted, run.Name.ToString(), Describe(ended));
        transaction.AfterCommit(() => Log.Ended(logger, run.Name.ToString(), run.State, run.Reason));
        if (export is null)
        {
            return;
        }

        await ExportStore.SetLastRunAsync(transaction, export.Uid, ended.State, ended.EndTime);
        await ExportStore.SettleAsync(transaction, export.Uid, ended.SettledVersions);
        if (export.Due is not null)
        {
            await openRun.EnqueueAsync(transaction, export);
        }
    }

    /// <summary>The event for a run that has ended.</summary>
    public static ExportRunCompleted Describe(ExportRun run) => new()
    {
        Run = run.Name.ToString(),
        Export = run.Name.Export.ToString(),
        State = run.State.ToString().ToUpperInvariant(),
        Reason = run.Reason,
        DeliveredCount = run.Counts.Delivered,
        RemovedCount = run.Counts.Removed,
        RejectedCount = run.Counts.Refused,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Ended {Run}: {State} {Reason}")]
        public static partial void Ended(ILogger logger, string run, RunState state, string reason);
    }
}
