using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Healing;

/// <summary>Makes a run due for every idle export that is behind its segments: whatever the reason, a lost event among them.</summary>
internal sealed partial class CatchUpExports(
    Database database,
    SegmentLookup segments,
    ConnectionLookup connections,
    OpenRunJob openRun,
    CatchUp policy,
    ILogger<CatchUpExports> logger)
{
    private const int PageSize = 200;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var page = await database.ReadAsync(session => ExportStore.ListIdleFollowersAsync(session, after, PageSize), cancellationToken);
            if (page.Count == 0)
            {
                return;
            }

            var facts = await segments.FindAsync(page.SelectMany(export => export.Definition.Segments), cancellationToken);
            foreach (var export in page.Where(policy.MayTry))
            {
                await CatchUpAsync(export, facts, cancellationToken);
            }

            after = page[^1].Uid;
        }
    }

    private async Task CatchUpAsync(Export export, IReadOnlyDictionary<string, SegmentFacts> facts, CancellationToken cancellationToken)
    {
        var settled = await database.ReadAsync(session => ExportStore.SettledVersionsAsync(session, export.Uid), cancellationToken);
        if (!CatchUp.IsBehind(settled, facts))
        {
            return;
        }

        // A run that is bound to fail repairs nothing; it opens once the connection is repaired.
        if (await connections.FindAsync(export.Definition.Connection, cancellationToken) is { Active: true })
        {
            await database.WriteAsync(transaction => MakeDueAsync(transaction, export.Uid), cancellationToken);
        }
    }

    private async Task MakeDueAsync(Transaction transaction, string uid)
    {
        if (await ExportStore.LockByUidAsync(transaction, uid) is { Due: null, Follows: true } export && await RunStore.FindActiveAsync(transaction, uid) is null)
        {
            await ExportStore.SetDueAsync(transaction, uid, RunTrigger.CatchUp);
            await openRun.EnqueueAsync(transaction, export);
            transaction.AfterCommit(() => Log.Behind(logger, export.Name.ToString()));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Export} was behind its segments without a run; opening one")]
        public static partial void Behind(ILogger logger, string export);
    }
}
