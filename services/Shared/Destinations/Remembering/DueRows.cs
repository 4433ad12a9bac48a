using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>Rows of the ledger that are due: written down before the first of them is sent, and confirmed afterwards.</summary>
internal sealed class DueRows(Database database)
{
    private const int RowsAtOnce = 1_000;

    /// <summary>How many rows a file of that kind would hold: those that are due, or everybody.</summary>
    public Task<long> CountAsync(long audienceId, FileKind kind, CancellationToken cancellationToken) =>
        database.ReadAsync(session => CountAsync(session, audienceId, kind), cancellationToken);

    /// <summary>As above, in a transaction.</summary>
    public static Task<long> CountAsync(Session session, long audienceId, FileKind kind) =>
        session.QuerySingleAsync<long>($"SELECT COUNT(*) FROM ledger WHERE audience_id = @audienceId AND {IsIn(kind)}", new { audienceId });

    /// <summary>Different keys in some audiences together, once what is due is delivered.</summary>
    public Task<long> CountKeysAsync(IReadOnlyCollection<long> audienceIds, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QuerySingleAsync<long>(
            $"""
            SELECT COUNT(*) FROM (
              SELECT DISTINCT key FROM ledger
              WHERE {ValueList.IsOneOf(session.Engine, "audience_id", "@ids")} AND {IsIn(FileKind.Replacement)}) AS keys
            """,
            new { ids = ValueList.Of(session.Engine, audienceIds) }),
        cancellationToken);

    /// <summary>Rows after a customer id, in the byte order of the ids.</summary>
    public Task<IReadOnlyList<DueRow>> ReadAsync(long audienceId, FileKind kind, string after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ReadAsync(session, audienceId, kind, after, limit), cancellationToken);

    /// <summary>As above, in a transaction.</summary>
    public static Task<IReadOnlyList<DueRow>> ReadAsync(Session session, long audienceId, FileKind kind, string after, int limit) => session.QueryAsync<DueRow>(
        $"""
        SELECT customer_id, key, class FROM ledger
        WHERE audience_id = @audienceId AND customer_id > @after AND {IsIn(kind)}
        ORDER BY customer_id LIMIT @limit
        """,
        new { audienceId, after, limit });

    /// <summary>How many rows are due, by what they count as.</summary>
    public static Task<IReadOnlyList<DueClass>> CountByClassAsync(Session session, long audienceId) => session.QueryAsync<DueClass>(
        $"SELECT class, COUNT(*) AS count FROM ledger WHERE audience_id = @audienceId AND state = {(int)LedgerState.Due} GROUP BY class", new { audienceId });

    /// <summary>Some rows are delivered.</summary>
    public static Task DeliverAsync(Transaction transaction, LedgerScope scope, IReadOnlyCollection<string> customerIds) => customerIds.Count == 0
        ? Task.CompletedTask
        : transaction.ExecuteAsync(
            $"""
            UPDATE ledger SET state = {(int)LedgerState.Delivered}, run_id = @RunId, settled_at = @Now
            WHERE audience_id = @AudienceId AND state = {(int)LedgerState.Due} AND {ValueList.IsOneOf(transaction.Engine, "customer_id", "@ids")}
            """,
            new { scope.AudienceId, scope.RunId, scope.Now, ids = ValueList.Of(transaction.Engine, customerIds) });

    /// <summary>All that is due is delivered.</summary>
    public static Task DeliverAllAsync(Transaction transaction, LedgerScope scope) => transaction.ExecuteAsync(
        $"""
        UPDATE ledger SET state = {(int)LedgerState.Delivered}, run_id = @RunId, settled_at = @Now
        WHERE audience_id = @AudienceId AND state = {(int)LedgerState.Due}
        """,
        scope);

    /// <summary>Everybody was sent, and it is not known who was taken: all are due once more. Tells how many were not.</summary>
    public static async Task<long> DoubtAllAsync(Transaction transaction, LedgerScope scope)
    {
        var doubted = await transaction.ExecuteAsync(
            $"""
            UPDATE ledger SET state = {(int)LedgerState.Due}, class = {(int)RowClass.Updated}
            WHERE audience_id = @AudienceId AND state = {(int)LedgerState.Delivered}
            """,
            scope);
        await AudienceStore.SetFullSendAsync(transaction, scope.AudienceId, scope.Now);
        return doubted;
    }

    /// <summary>
    /// The destination refused some rows: they stand nowhere, except those that were delivered before. Duplicates that were left out
    /// in their favour have to be looked at again.
    /// </summary>
    /// <param name="replaced">Everybody was replaced: nobody stands from before.</param>
    public static async Task RefuseAsync(Transaction transaction, LedgerScope scope, IReadOnlyList<RefusedRow> rows, bool replaced = false)
    {
        foreach (var group in rows.GroupBy(row => row.Reason))
        {
            foreach (var ids in group.Select(row => row.CustomerId).Chunk(RowsAtOnce))
            {
                await RefuseAsync(transaction, scope, new Refusal(group.Key, replaced), ids);
            }
        }
    }

    private static async Task RefuseAsync(Transaction transaction, LedgerScope scope, Refusal refusal, IReadOnlyCollection<string> ids)
    {
        // What is due and counts as anything but added was delivered before.
        var stands = refusal.Replaced ? "1 = 0" : $"class <> {(int)RowClass.Added}";
        var chosen = ValueList.IsOneOf(transaction.Engine, "customer_id", "@ids");
        var parameters = new { scope.AudienceId, scope.RunId, scope.Now, refusal.Reason, ids = ValueList.Of(transaction.Engine, ids) };
        await transaction.ExecuteAsync(
            $"""
            UPDATE audiences SET compare = compare | {AudienceStore.NextPass} WHERE audience_id = @AudienceId AND EXISTS (
              SELECT 1 FROM ledger r
              WHERE r.audience_id = @AudienceId AND {ValueList.IsOneOf(transaction.Engine, "r.customer_id", "@ids")} AND EXISTS (
                SELECT 1 FROM ledger d {LedgerStore.ByKey(transaction.Engine)}
                WHERE d.audience_id = r.audience_id AND d.key_hash = r.key_hash AND d.key = r.key AND d.state = {(int)LedgerState.Duplicate}))
            """,
            parameters);
        await transaction.ExecuteAsync(
            $"""
            UPDATE ledger SET state = {(int)LedgerState.Rejected}, class = {(int)RowClass.Rejected}, run_id = @RunId, settled_at = @Now,
              key = CASE WHEN {stands} THEN key END, key_hash = CASE WHEN {stands} THEN key_hash END, fields = 0, reason = @Reason
            WHERE audience_id = @AudienceId AND {chosen}
            """,
            parameters);
    }

    private readonly record struct Refusal(string Reason, bool Replaced);

    private static string IsIn(FileKind kind) => kind == FileKind.Replacement
        ? $"state IN ({(int)LedgerState.Delivered}, {(int)LedgerState.Due})"
        : $"state = {(int)LedgerState.Due}";
}

/// <summary>A row that is due, or that a file with everybody holds.</summary>
internal sealed record DueRow(string CustomerId, string Key, RowClass Class);

/// <summary>Rows that are due and count as the same.</summary>
internal sealed record DueClass(RowClass Class, long Count);

/// <summary>A row that the destination refused.</summary>
internal readonly record struct RefusedRow(string CustomerId, string Reason);
