using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Running;

/// <summary>Lists the refused rows of a run with their reasons: ids only. Repeating it changes nothing.</summary>
internal sealed class ReportRejectedRows(ExportRunService.ExportRunServiceClient runs, LedgerStore ledger, Explanations explanations)
{
    private const int RowsAtOnce = 1_000;

    /// <param name="tally">Counts them, too.</param>
    public async Task RunAsync(string run, long runId, long audienceId, RejectionTally tally, CancellationToken cancellationToken)
    {
        var after = "";
        IReadOnlyList<RejectedCustomer> rejected;
        do
        {
            rejected = await ledger.ReadRejectedAsync(audienceId, runId, after, RowsAtOnce, cancellationToken);
            if (rejected.Count > 0)
            {
                var request = new RecordRejectedRowsRequest { Name = run };
                request.Rows.AddRange(rejected.Select(row => new RejectedRow { CustomerId = row.CustomerId, Reason = row.Reason, Message = explanations.Of(row.Reason) }));
                await runs.RecordRejectedRowsAsync(request, cancellationToken: cancellationToken);
                foreach (var row in rejected)
                {
                    tally.Add(row.Reason, row.CustomerId);
                }

                after = rejected[^1].CustomerId;
            }
        }
        while (rejected.Count == RowsAtOnce);
    }
}
