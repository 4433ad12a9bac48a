using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// What a file holds and what its rows become. The rows are those of the ledger, or of the removal queue, in the order of their
/// ids: nothing else has to be remembered to know which row of the file was whose.
/// </summary>
internal sealed partial class SettleFile(AudienceWork work, DueSettlement settlement, DeliveryTools tools)
{
    private const int RowsAtOnce = 10_000;

    private readonly ILogger _logger = tools.Loggers.CreateLogger<SettleFile>();

    /// <summary>Rows of a file after one.</summary>
    public Task<IReadOnlyList<FileRow>> ReadAsync(LoggedFile file, string after, int limit, CancellationToken cancellationToken) =>
        tools.Database.ReadAsync(session => ReadAsync(session, file, after, limit), cancellationToken);

    /// <summary>Records the fate of all rows and forgets the file.</summary>
    public Task RunAsync(LoggedFile file, FileRefusals refusals, CancellationToken cancellationToken) => settlement.RunAsync(
        async (transaction, scope) =>
        {
            await FileLog.DeleteAsync(transaction, work.AudienceId);
            if (await CountAsync(transaction, file) != file.Rows)
            {
                // An earlier run made it, and its rows have changed since: they are due as they are now.
                Log.Changed(_logger, work.Run.Run);
                return SettledDue.Nothing;
            }

            return file.Kind == FileKind.Removals
                ? await RemoveAsync(transaction, file, refusals)
                : await DeliverAsync(transaction, scope, file, refusals);
        },
        cancellationToken);

    private async Task<SettledDue> DeliverAsync(Transaction transaction, LedgerScope scope, LoggedFile file, FileRefusals refusals)
    {
        var due = await DueRows.CountAsync(transaction, work.AudienceId, FileKind.Additions);
        await foreach (var refused in RefusedAsync(transaction, file, refusals))
        {
            await DueRows.RefuseAsync(transaction, scope, [.. refused.Select(row => new RefusedRow(row.Row.CustomerId, row.Reason))], file.Kind == FileKind.Replacement);
        }

        var classes = (await DueRows.CountByClassAsync(transaction, work.AudienceId)).ToDictionary(due => due.Class, due => due.Count);
        var refusedDue = due - classes.Values.Sum();
        await DueRows.DeliverAllAsync(transaction, scope);
        if (refusals.Count > 0)
        {
            classes[RowClass.Rejected] = refusals.Count;
        }

        var removed = 0L;
        if (file.Kind == FileKind.Replacement)
        {
            removed = await RemovalQueue.DropReplacedAsync(transaction, work.AudienceId);
            await AudienceStore.SetFullSendAsync(transaction, work.AudienceId, scope.Now);
        }

        // Rows of an earlier run are counted when this one reads them again.
        return file.RunId == scope.RunId
            ? new SettledDue(classes, new RemovalCounts(removed, 0, 0)) { SentUnchanged = refusals.Count - refusedDue }
            : new SettledDue(new Dictionary<RowClass, long>(), new RemovalCounts(removed, 0, 0));
    }

    private async Task<SettledDue> RemoveAsync(Transaction transaction, LoggedFile file, FileRefusals refusals)
    {
        var scope = new RemovalScope(work.AudienceId, file.RunId);
        await foreach (var refused in RefusedAsync(transaction, file, refusals))
        {
            await RemovalQueue.KeepAsync(transaction, scope with { RunId = work.Run.RunId }, refused.Select(row => new RefusedRemoval(row.Row.Key, row.Row.CustomerId, row.Reason)));
        }

        var removed = await RemovalQueue.DropFiledAsync(transaction, scope, keptBy: work.Run.RunId);
        return new SettledDue(new Dictionary<RowClass, long>(), new RemovalCounts(removed, refusals.Count, 0));
    }

    // Page by page, and each page is read whole before its rows change. Rows are found by what they are ordered by, so what changes on one
    // page moves nothing on the next.
    private async IAsyncEnumerable<IReadOnlyList<(FileRow Row, string Reason)>> RefusedAsync(Session session, LoggedFile file, FileRefusals refusals)
    {
        if (refusals.Count == 0)
        {
            yield break;
        }

        var (after, number) = ("", 0L);
        IReadOnlyList<FileRow> rows;
        do
        {
            rows = await ReadAsync(session, file, after, RowsAtOnce);
            var refused = new List<(FileRow, string)>();
            foreach (var row in rows)
            {
                if (refusals[number++] is { } reason)
                {
                    refused.Add((row, reason));
                }
            }

            if (refused.Count > 0)
            {
                yield return refused;
            }

            after = rows.Count > 0 ? rows[^1].Order : after;
        }
        while (rows.Count == RowsAtOnce && number < refusals.Rows);
    }

    private async Task<IReadOnlyList<FileRow>> ReadAsync(Session session, LoggedFile file, string after, int limit) => file.Kind == FileKind.Removals
        ? [.. (await RemovalQueue.ReadFileAsync(session, new RemovalScope(work.AudienceId, file.RunId), after, limit)).Select(row => new FileRow(row.Key, row.CustomerId, row.Key))]
        : [.. (await DueRows.ReadAsync(session, work.AudienceId, file.Kind, after, limit)).Select(row => new FileRow(row.CustomerId, row.CustomerId, row.Key))];

    private Task<long> CountAsync(Session session, LoggedFile file) => file.Kind == FileKind.Removals
        ? RemovalQueue.CountAsync(session, new RemovalScope(work.AudienceId, file.RunId))
        : DueRows.CountAsync(session, work.AudienceId, file.Kind);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run}: rows of a file that an earlier run made have changed since; they are sent as they are now")]
        public static partial void Changed(ILogger logger, string run);
    }
}

/// <summary>A row of a file.</summary>
/// <param name="Order">What the rows are ordered by.</param>
internal readonly record struct FileRow(string Order, string CustomerId, string Key);
