using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Grpc.Core;

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

            foreach (var export in page.Where(policy.MayTry))
            {
                try
                {
                    await CatchUpAsync(export, cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && !IsOutage(exception))
                {
                    // One export that nobody can answer for must not keep the others from being caught up.
                    Log.Failed(logger, export.Name.ToString(), ExceptionOutline.Of(exception));
                }
            }

            after = page[^1].Uid;
        }
    }

    private static bool IsOutage(Exception exception) =>
        exception is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded } || DatabaseOutage.Is(exception);

    private async Task CatchUpAsync(Export export, CancellationToken cancellationToken)
    {
        var facts = await segments.FindAsync(export.Definition.Segments, cancellationToken);
        var settled = await database.ReadAsync(session => ExportStore.SettledVersionsAsync(session, export.Uid), cancellationToken);
        if (!CatchUp.IsBehind(settled, facts))
        {
            return;
        }

        // A run that is bound to fail repairs nothing; it opens once the connection is repaired.
        if (await connections.FindAsync(export.Definition.Connection, cancellationToken) is { Active: true })
        {
            await database.WriteAsync(transaction => MakeDueAsync(transaction, export.Uid, facts), cancellationToken);
        }
    }

    private async Task MakeDueAsync(Transaction transaction, string uid, IReadOnlyDictionary<string, SegmentFacts> facts)
    {
        // Asked again with the row locked: a run may have come and gone since, and a canceled one must not be made up for.
        if (await ExportStore.LockByUidAsync(transaction, uid) is { Due: null, Follows: true } export
            && await RunStore.FindActiveAsync(transaction, uid) is null
            && CatchUp.IsBehind(await ExportStore.SettledVersionsAsync(transaction, uid), facts))
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

        [LoggerMessage(2, LogLevel.Error, "Whether {Export} is behind its segments could not be found out: {Outline}")]
        public static partial void Failed(ILogger logger, string export, string outline);
    }
}
