using System.Text.Json;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>Matching keys to take out of an audience once all additions are confirmed.</summary>
internal sealed class RemovalQueue(Database database)
{
    /// <summary>States of a row that holds its key.</summary>
    private static readonly string Holding = $"{(int)LedgerState.Delivered}, {(int)LedgerState.Rejected}, {(int)LedgerState.Due}";

    /// <summary>State of a row that waits for the key.</summary>
    private static readonly string Sharing = $"{(int)LedgerState.Duplicate}";

    /// <summary>Queues keys. A key that waits already stays as it is.</summary>
    public static Task AddAsync(Transaction transaction, long audienceId, IReadOnlyCollection<Removal> removals)
    {
        // The same key twice in one statement would be a conflict that ON CONFLICT does not catch on every engine.
        var distinct = removals.DistinctBy(removal => removal.Key).ToList();
        return distinct.Count == 0 ? Task.CompletedTask : transaction.ExecuteAsync(
            $"""
            INSERT INTO removals (audience_id, key, key_hash, customer_id, cause)
            {(transaction.Engine == Engine.PostgreSql
                ? "SELECT @audienceId, r.* FROM unnest(@keys, @hashes, @customers, @causes) AS r"
                : "SELECT @audienceId, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(@rows) WHERE true")}
            ON CONFLICT (audience_id, key) DO NOTHING
            """,
            transaction.Engine == Engine.PostgreSql
                ? new
                {
                    audienceId,
                    keys = distinct.Select(r => r.Key).ToArray(),
                    hashes = distinct.Select(r => r.KeyHash).ToArray(),
                    customers = distinct.Select(r => r.CustomerId).ToArray(),
                    causes = distinct.Select(r => (short)r.Cause).ToArray(),
                }
                : new { audienceId, rows = JsonSerializer.Serialize(distinct.Select(r => new object[] { r.Key, r.KeyHash, r.CustomerId, (int)r.Cause })) });
    }

    /// <summary>The next keys after one, in their byte order, each with who holds the key now; without those that the run was refused.</summary>
    public Task<IReadOnlyList<QueuedRemoval>> ReadAsync(RemovalScope scope, string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<QueuedRemoval>(
            $"""
            SELECT r.key, r.customer_id, r.cause,
              {HasRow(session, Holding)} AS is_held,
              {HasRow(session, Sharing)} AS is_shared
            FROM removals r
            WHERE r.audience_id = @AudienceId AND r.key > @after AND (r.refused_run IS NULL OR r.refused_run <> @RunId)
            ORDER BY r.key LIMIT @limit
            """,
            new { scope.AudienceId, scope.RunId, after, limit }),
        cancellationToken);

    /// <summary>The next keys after one that the destination refused to take out in a run.</summary>
    public Task<IReadOnlyList<RefusedRemoval>> ReadRefusedAsync(RemovalScope scope, string after, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QueryAsync<RefusedRemoval>(
            """
            SELECT key, customer_id, reason FROM removals
            WHERE audience_id = @AudienceId AND key > @after AND refused_run = @RunId
            ORDER BY key LIMIT @limit
            """,
            new { scope.AudienceId, scope.RunId, after, limit }),
        cancellationToken);

    /// <summary>Keeps keys that the destination refused to take out: the person has the mark still, so the next run tries again.</summary>
    public static async Task KeepAsync(Transaction transaction, RemovalScope scope, IEnumerable<RefusedRemoval> refused)
    {
        foreach (var group in refused.GroupBy(removal => removal.Reason))
        {
            await transaction.ExecuteAsync(
                $"""
                UPDATE removals SET reason = @reason, refused_run = @RunId
                WHERE audience_id = @AudienceId AND {ValueList.IsOneOf(transaction.Engine, "key", "@keys")}
                """,
                new { scope.AudienceId, scope.RunId, reason = group.Key, keys = ValueList.Of(transaction.Engine, [.. group.Select(removal => removal.Key)]) });
        }
    }

    /// <summary>Everybody was replaced: the keys are out, except those that a duplicate waits for.</summary>
    public static async Task<long> DropReplacedAsync(Transaction transaction, long audienceId)
    {
        var chosen = $"r.audience_id = @audienceId AND NOT {HasRow(transaction, Sharing)}";
        var removed = await transaction.QuerySingleAsync<long>(
            $"SELECT COUNT(*) FROM removals r WHERE {chosen} AND NOT {HasRow(transaction, Holding)} AND r.cause <> {(int)RemovalCause.KeyChanged}", new { audienceId });
        await transaction.ExecuteAsync($"DELETE FROM removals AS r WHERE {chosen}", new { audienceId });
        return removed;
    }

    /// <summary>Whether at least as many keys wait, whatever is to become of them. Much cheaper than to look at each of them.</summary>
    public static async Task<bool> HasAsync(Session session, long audienceId, long keys) => keys <= await session.QuerySingleAsync<long>(
        "SELECT COUNT(*) FROM (SELECT 1 FROM removals WHERE audience_id = @audienceId LIMIT @keys) AS waiting", new { audienceId, keys });

    /// <summary>Keys that a file of removals would hold: no row has them, and the run was not refused them.</summary>
    public static Task<long> CountAsync(Session session, RemovalScope scope) =>
        session.QuerySingleAsync<long>($"SELECT COUNT(*) FROM removals r WHERE {IsInFile(session)}", new { scope.AudienceId, scope.RunId });

    /// <summary>
    /// The keys of a file are out, except those that were just kept. Tells how many, without those that gave way to another key
    /// of the same customer.
    /// </summary>
    /// <param name="scope">Of the run that made the file.</param>
    /// <param name="keptBy">The run whose refused keys stay.</param>
    public static async Task<long> DropFiledAsync(Transaction transaction, RemovalScope scope, long keptBy)
    {
        var chosen = $"{IsInFile(transaction)} AND (r.refused_run IS NULL OR r.refused_run <> @keptBy)";
        var parameters = new { scope.AudienceId, scope.RunId, keptBy };
        var removed = await transaction.QuerySingleAsync<long>($"SELECT COUNT(*) FROM removals r WHERE {chosen} AND r.cause <> {(int)RemovalCause.KeyChanged}", parameters);
        await transaction.ExecuteAsync($"DELETE FROM removals AS r WHERE {chosen}", parameters);
        return removed;
    }

    /// <summary>The next of these keys after one, in their byte order.</summary>
    public static Task<IReadOnlyList<FiledRemoval>> ReadFileAsync(Session session, RemovalScope scope, string after, int limit) => session.QueryAsync<FiledRemoval>(
        $"SELECT r.key, r.customer_id FROM removals r WHERE {IsInFile(session)} AND r.key > @after ORDER BY r.key LIMIT @limit",
        new { scope.AudienceId, scope.RunId, after, limit });

    /// <summary>Takes keys off the queue.</summary>
    public static Task DeleteAsync(Transaction transaction, long audienceId, IReadOnlyCollection<string> keys) => keys.Count == 0
        ? Task.CompletedTask
        : transaction.ExecuteAsync(
            $"DELETE FROM removals WHERE audience_id = @audienceId AND {ValueList.IsOneOf(transaction.Engine, "key", "@keys")}",
            new { audienceId, keys = ValueList.Of(transaction.Engine, keys) });

    private static string IsInFile(Session session) =>
        $"r.audience_id = @AudienceId AND (r.refused_run IS NULL OR r.refused_run <> @RunId) AND NOT {HasRow(session, $"{Holding}, {Sharing}")}";

    private static string HasRow(Session session, string states) =>
        $"EXISTS (SELECT 1 FROM ledger l {LedgerStore.ByKey(session.Engine)} WHERE l.audience_id = r.audience_id AND l.key_hash = r.key_hash AND l.key = r.key AND l.state IN ({states}))";
}

/// <summary>Whose removals, during which run.</summary>
internal readonly record struct RemovalScope(long AudienceId, long RunId);

/// <summary>A key that the destination refused to take out.</summary>
internal sealed record RefusedRemoval(string Key, string CustomerId, string Reason);

/// <summary>A key in a file of removals.</summary>
internal sealed record FiledRemoval(string Key, string CustomerId);

/// <summary>A key that waits for removal.</summary>
/// <param name="IsHeld">Another row stands under the key: nothing is to be taken out.</param>
/// <param name="IsShared">Only a duplicate has the key: it has to be delivered first.</param>
internal sealed record QueuedRemoval(string Key, string CustomerId, RemovalCause Cause, bool IsHeld, bool IsShared);
