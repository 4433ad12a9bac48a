using CustomerInsights.Contracts.Connections.V1;
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
    CredentialService.CredentialServiceClient credentials,
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
            var refused = new ReportRefusedCredentialRequest { Name = assignment.Export.Connection, Run = assignment.Run, Reason = end.Reason };
            await credentials.ReportRefusedCredentialAsync(refused, cancellationToken: cancellationToken);
        }

        var counts = RunProgress.Sum(assignment.Run, audiences.Select(audience => audience.Report()));
        var completed = new CompleteRunRequest
        {
            Name = assignment.Run,
            State = end.State,
            Counts = counts.Counts,
            SegmentCounts = { counts.SegmentCounts },
            RejectionClasses = { tally.Largest },
            Reason = end.Reason,
            Message = end.Message.Length > 0 ? end.Message : explanations.Of(end.Reason),
        };
        await runs.CompleteRunAsync(completed, cancellationToken: cancellationToken);
        metrics.Ended(end.State, end.Reason);
        return counts.Counts;
    }
}
