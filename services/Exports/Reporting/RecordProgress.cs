using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Reporting;

/// <summary>Keeps the counts of a run at work. Late and repeated reports change nothing for the worse.</summary>
internal sealed class RecordProgress(Database database, CheckWorker worker, TimeProvider time)
{
    /// <summary>Whether the worker shall stop.</summary>
    public Task<Result<bool>> RunAsync(ClaimedRun claimed, RunReport report, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => RecordAsync(transaction, claimed, report), cancellationToken);

    private async Task<Result<bool>> RecordAsync(Transaction transaction, ClaimedRun claimed, RunReport report)
    {
        var name = claimed.Name;
        if (await RunStore.LockAsync(transaction, name) is not { } run)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (worker.Refuse(run, claimed) is { } refusal)
        {
            return refusal;
        }

        var violations = new Violations();
        report.Check(run.Definition.Segments, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        switch (run.State)
        {
            case RunState.Queued:
                return Refusal.Precondition("RUN_NOT_BEGUN", $"{name} was not begun. Begin it first.");
            case RunState.Processing:
                await RunStore.UpdateAsync(transaction, run with
                {
                    Counts = run.Counts.Advance(report.Counts),
                    SegmentCounts = report.Apply(run.SegmentCounts, (before, reported) => before.Advance(reported)),
                    ThrottledUntil = report.ThrottledUntil,
                    ProgressTime = time.GetUtcNow(),
                });
                return run.CancelRequested;
            default:
                // Over: whoever still works on it shall stop.
                return true;
        }
    }
}
