using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Quickstart.Calling;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>Reads all rejected rows of a run, page by page.</summary>
internal static class ReadRejected
{
    public static async Task<IReadOnlyList<RejectedRow>> RunAsync(Insights insights, string run, CancellationToken cancellationToken)
    {
        var rows = new List<RejectedRow>();
        var token = "";
        do
        {
            var page = await insights.Exports.ListRejectedRowsAsync(
                new ListRejectedRowsRequest { Parent = run, PageSize = 1000, PageToken = token }, cancellationToken: cancellationToken);
            rows.AddRange(page.Rows);
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        return rows;
    }
}
