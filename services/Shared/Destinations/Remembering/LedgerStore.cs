using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>The ledger: what was delivered for each customer of an audience.</summary>
internal sealed class LedgerStore(Database database)
{
    private const string Columns = "customer_id, state, class, run_id, key, hash_high, hash_low, fields, reason";

    /// <summary>Whether anything was ever recorded for the audience.</summary>
    public Task<bool> AnyAsync(long audienceId, CancellationToken cancellationToken) => database.ReadAsync(
        async session => await session.QuerySingleAsync<long>(
            "SELECT COUNT(*) FROM (SELECT 1 FROM ledger WHERE audience_id = @audienceId LIMIT 1) AS found", new { audienceId }) > 0,
        cancellationToken);

    /// <summary>Rows with customer ids after one and up to another (null: to the end), in their byte order.</summary>
    public Task<IReadOnlyList<LedgerRow>> ReadRangeAsync(long audienceId, string after, string? through, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<LedgerRow>(
                $"""
                SELECT {Columns} FROM ledger
                WHERE audience_id = @audienceId AND customer_id > @after {(through is null ? "" : "AND customer_id <= @through")}
                ORDER BY customer_id LIMIT @limit
                """,
                new { audienceId, after, through, limit }),
            cancellationToken);

    /// <summary>Rows of the given customers.</summary>
    public Task<IReadOnlyList<LedgerRow>> ReadAsync(long audienceId, IReadOnlyCollection<string> customerIds, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<LedgerRow>(
                Probe(session.Engine, Columns, "audience_id = @audienceId", "customer_id", "@ids"),
                new { audienceId, ids = ValueList.Of(session.Engine, customerIds) }),
            cancellationToken);

    /// <summary>Customers that are, or are to be, delivered under keys of these hashes.</summary>
    public Task<IReadOnlyList<KeyHolder>> ReadHoldersAsync(long audienceId, IReadOnlyCollection<long> keyHashes, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<KeyHolder>(
                Probe(session.Engine, "key, customer_id", $"audience_id = @audienceId AND state IN ({(int)LedgerState.Delivered}, {(int)LedgerState.Due})", "key_hash", "@hashes"),
                new { audienceId, hashes = ValueList.Of(session.Engine, keyHashes) }),
            cancellationToken);

    /// <summary>Rejected rows of a run after a customer id, in the byte order of the ids.</summary>
    public Task<IReadOnlyList<RejectedCustomer>> ReadRejectedAsync(long audienceId, long runId, string after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.QueryAsync<RejectedCustomer>(
                $"""
                SELECT customer_id, reason FROM ledger
                WHERE audience_id = @audienceId AND customer_id > @after AND state = {(int)LedgerState.Rejected} AND run_id = @runId
                ORDER BY customer_id LIMIT @limit
                """,
                new { audienceId, runId, after, limit }),
            cancellationToken);

    /// <summary>Moves customers that left: what stands under their keys is queued for removal.</summary>
    public static async Task RemoveAsync(Transaction transaction, LedgerScope scope, IReadOnlyCollection<string> customerIds)
    {
        var parameters = new { scope.AudienceId, scope.RunId, scope.Now, ids = ValueList.Of(transaction.Engine, customerIds) };
        var chosen = $"audience_id = @AudienceId AND {ValueList.IsOneOf(transaction.Engine, "customer_id", "@ids")}";
        await MoveAsync(transaction, chosen, RemovalCause.Left, parameters);
    }

    /// <summary>How many rows of all audiences have which state.</summary>
    public static Task<IReadOnlyList<LedgerCount>> CountByStateAsync(Session session) =>
        session.QueryAsync<LedgerCount>("SELECT state, COUNT(*) AS count FROM ledger GROUP BY state");

    /// <summary>Gives up an audience: everything that stands there is queued for removal.</summary>
    public static Task RemoveAllAsync(Transaction transaction, LedgerScope scope) =>
        MoveAsync(transaction, "audience_id = @AudienceId", RemovalCause.AudienceGivenUp, scope);

    /// <summary>
    /// Rows whose column has one of the values, each found through the index. Written as one list, PostgreSQL reads the whole
    /// audience instead as long as it thinks that the audience is small: through all of its first run.
    /// </summary>
    internal static string Probe(Engine engine, string columns, string condition, string column, string values) => engine == Engine.PostgreSql
        ? $"""
          SELECT found.* FROM unnest({values}) AS wanted (value)
          CROSS JOIN LATERAL (SELECT {columns} FROM ledger WHERE {condition} AND {column} = wanted.value OFFSET 0) AS found
          """
        : $"SELECT {columns} FROM ledger {(column == "key_hash" ? ByKey(engine) : "")} WHERE {condition} AND {ValueList.IsOneOf(engine, column, values)}";

    /// <summary>
    /// Behind the ledger in a FROM: look for keys in their index. SQLite takes any two audiences for equally small, and would read the
    /// whole audience for each key.
    /// </summary>
    internal static string ByKey(Engine engine) => engine == Engine.Sqlite ? "INDEXED BY ledger_by_key" : "";

    // What was due for the first time and never sent stands nowhere; a customer who was never delivered leaves no trace.
    private static async Task MoveAsync(Transaction transaction, string chosen, RemovalCause cause, object parameters)
    {
        var mayStand = $"(class <> {(int)RowClass.Added} OR EXISTS (SELECT 1 FROM audiences a WHERE a.audience_id = ledger.audience_id AND a.sending = 1))";
        await transaction.ExecuteAsync(
            $"""
            INSERT INTO removals (audience_id, key, key_hash, customer_id, cause)
            SELECT audience_id, key, key_hash, customer_id, {(int)cause} FROM ledger
            WHERE {chosen} AND key IS NOT NULL
              AND (state IN ({(int)LedgerState.Delivered}, {(int)LedgerState.Rejected}) OR (state = {(int)LedgerState.Due} AND {mayStand}))
            ON CONFLICT (audience_id, key) DO NOTHING
            """,
            parameters);
        await transaction.ExecuteAsync(
            $"""
            DELETE FROM ledger
            WHERE {chosen} AND state <> {(int)LedgerState.Removed}
              AND (state = {(int)LedgerState.Duplicate} OR key IS NULL
                OR (state = {(int)LedgerState.Due} AND NOT {mayStand}))
            """,
            parameters);
        await transaction.ExecuteAsync(
            $"""
            UPDATE ledger SET state = {(int)LedgerState.Removed}, run_id = @RunId, settled_at = @Now
            WHERE {chosen} AND state <> {(int)LedgerState.Removed}
            """,
            parameters);
    }
}

/// <summary>Who holds a matching key.</summary>
internal sealed record KeyHolder(string Key, string CustomerId);

/// <summary>A rejected row, as it is reported.</summary>
internal sealed record RejectedCustomer(string CustomerId, string Reason);

/// <summary>What every write to the ledger is about.</summary>
/// <param name="Now">Microseconds since 1970.</param>
internal sealed record LedgerScope(long AudienceId, long RunId, long Now);

/// <summary>So many rows of the ledger have a state.</summary>
internal sealed record LedgerCount(LedgerState State, long Count);
