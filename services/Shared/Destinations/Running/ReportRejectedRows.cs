using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Lists the refused rows of a run with their reasons, members and then those who could not be taken out: ids only.
/// Repeating it changes nothing.
/// </summary>
internal sealed class ReportRejectedRows(
    ExportRunService.ExportRunServiceClient runs, LedgerStore ledger, RemovalQueue removals, Explanations explanations)
{
    private const int RowsAtOnce = 1_000;

    /// <param name="tally">Counts them, too.</param>
    public async Task RunAsync(string run, long runId, long audienceId, RejectionTally tally, CancellationToken cancellationToken)
    {
        IReadOnlyList<RejectedCustomer> members;
        for (var after = ""; (members = await ledger.ReadRejectedAsync(audienceId, runId, after, RowsAtOnce, cancellationToken)).Count > 0; after = members[^1].CustomerId)
        {
            await ReportAsync(run, members.Select(row => Row(row.CustomerId, row.Reason, explanations.Of(row.Reason))), tally, cancellationToken);
        }

        var scope = new RemovalScope(audienceId, runId);
        IReadOnlyList<RefusedRemoval> leavers;
        for (var after = ""; (leavers = await removals.ReadRefusedAsync(scope, after, RowsAtOnce, cancellationToken)).Count > 0; after = leavers[^1].Key)
        {
            var rows = leavers.Select(row => Row(row.CustomerId, row.Reason, $"Still in the audience: the destination refused to take the customer out. {explanations.Of(row.Reason)}"));
            await ReportAsync(run, rows, tally, cancellationToken);
        }
    }

    private static RejectedRow Row(string customerId, string reason, string message) => new() { CustomerId = customerId, Reason = reason, Message = message };

    private async Task ReportAsync(string run, IEnumerable<RejectedRow> rows, RejectionTally tally, CancellationToken cancellationToken)
    {
        var request = new RecordRejectedRowsRequest { Name = run, Rows = { rows } };
        await runs.RecordRejectedRowsAsync(request, cancellationToken: cancellationToken);
        foreach (var row in request.Rows)
        {
            tally.Add(row.Reason, row.CustomerId);
        }
    }
}
