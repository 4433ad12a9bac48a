using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>Asks Exports which of the exports that this worker remembers are gone: their events may have been lost.</summary>
internal sealed class FindForgottenExports(Database database, ExportRunService.ExportRunServiceClient exports, ForgetExportJob forget)
{
    private const int AskAtOnce = 1_000;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var uids = await database.ReadAsync(session => ForgetStore.ListExportsAsync(session, after, AskAtOnce), cancellationToken);
            if (uids.Count == 0)
            {
                return;
            }

            var answer = await exports.FindDeletedExportsAsync(new FindDeletedExportsRequest { ExportUids = { uids } }, cancellationToken: cancellationToken);
            foreach (var uid in answer.ExportUids)
            {
                await database.WriteAsync(transaction => forget.EnqueueAsync(transaction, uid), cancellationToken);
            }

            after = uids[^1];
        }
    }
}
