using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Jobs;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Works on a run, except while the destination wants nothing to be sent for long: then the run is put down. It takes up
/// neither a place nor an open stream of members meanwhile, and is only looked at now and then, because a person may want
/// it stopped.
/// </summary>
internal sealed class PauseRun(WorkRun work, FencedDatabase database, ReportProgress progress, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    /// <summary>How the run ends, or when to come back to it.</summary>
    public async Task<WorkedRun> RunAsync(LeasedJob job, RunRecord record, RunAssignment assignment, CancellationToken cancellationToken)
    {
        if (record.ResumeAt is { } resumeAt && resumeAt > time.GetUtcNow())
        {
            return await WaitAsync(assignment.Run, resumeAt, cancellationToken);
        }

        var worked = await work.RunAsync(job, record.RunId, assignment, cancellationToken);
        if (worked.End is not null)
        {
            return worked;
        }

        var pauses = await database.WriteAsync(job, transaction => RunStore.PauseAsync(transaction, record.RunId, worked.ResumeAt, worked.HasTaken), cancellationToken);
        return pauses > DeliveryPolicy.MaxThrottles
            ? new WorkedRun(RunEnd.Failed(Reasons.Throttled))
            : await WaitAsync(assignment.Run, worked.ResumeAt, cancellationToken);
    }

    private async Task<WorkedRun> WaitAsync(string run, DateTimeOffset resumeAt, CancellationToken cancellationToken)
    {
        if (await progress.WaitsAsync(run, resumeAt, cancellationToken))
        {
            return new WorkedRun(RunEnd.Canceled);
        }

        var next = time.GetUtcNow() + LookAgain;
        return new WorkedRun(null, next < resumeAt ? next : resumeAt);
    }
}
