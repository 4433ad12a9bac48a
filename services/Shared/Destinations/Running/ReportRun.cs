using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Reports a run that has ended: refused rows, a refused credential, the end with its counts. Takes everything from the
/// database, so that it says the same after a crash; each of its calls may be repeated.
/// </summary>
internal sealed class ReportRun(
    ExportRunService.ExportRunServiceClient runs,
    MarkConnection mark,
    Database database,
    ReportRejectedRows rejectedRows,
    Explanations explanations,
    DeliveryMetrics metrics)
{
    /// <summary>The counts of the run.</summary>
    public async Task<RunCounts> RunAsync(long runId, RunEnd end, RunAssignment assignment, CancellationToken cancellationToken)
    {
        var audiences = await database.ReadAsync(session => RunStore.ListAudiencesAsync(session, runId), cancellationToken);
        var tally = new RejectionTally();
        foreach (var audience in audiences)
        {
            await rejectedRows.RunAsync(assignment.Run, runId, audience.AudienceId, tally, cancellationToken);
        }

        if (end.MarksConnection)
        {
            await mark.RunAsync(assignment, end.Reason, cancellationToken);
        }

        var counts = RunProgress.Sum(assignment.Run, audiences.Select(audience => audience.Report()));
        await CompleteAsync(end, counts, tally.Largest, cancellationToken);
        return counts.Counts;
    }

    /// <summary>Ends a run of which nothing more can be told than why.</summary>
    public Task FailAsync(string run, string reason, CancellationToken cancellationToken) =>
        CompleteAsync(RunEnd.Failed(reason), new ReportProgressRequest { Name = run, Counts = new RunCounts() }, [], cancellationToken);

    private async Task CompleteAsync(RunEnd end, ReportProgressRequest counts, IEnumerable<RejectionClass> rejections, CancellationToken cancellationToken)
    {
        var completed = new CompleteRunRequest
        {
            Name = counts.Name,
            State = end.State,
            Counts = counts.Counts,
            SegmentCounts = { counts.SegmentCounts },
            RejectionClasses = { rejections },
            Reason = end.Reason,
            Message = end.Message.Length > 0 ? end.Message : explanations.Of(end.Reason),
        };
        await runs.CompleteRunAsync(completed, cancellationToken: cancellationToken);
        metrics.Ended(end.State, end.Reason);
    }
}
