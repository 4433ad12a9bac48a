using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>Which customer list mirrors which segment (D-09).</summary>
internal sealed class AudienceRecords(Database database)
{
    private const string IsKey = "customer_id = @CustomerId AND account_id = @AccountId AND segment = @Segment";

    /// <summary>What is remembered of an audience, or null.</summary>
    public Task<AudienceRecord?> FindAsync(AudienceKey key, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QuerySingleOrDefaultAsync<AudienceRecord>(
            $"SELECT marker, list_id, ledger, CASE WHEN must_replace <> 0 THEN 1 ELSE 0 END AS must_replace FROM remote_audiences WHERE {IsKey}", key),
        cancellationToken);

    /// <summary>Whether a list mirrors another segment.</summary>
    public Task<bool> IsOfAnotherAsync(AudienceKey key, string listId, CancellationToken cancellationToken) => database.ReadAsync(
        async session => await session.QuerySingleAsync<long>(
            $"SELECT COUNT(*) FROM remote_audiences WHERE list_id = @listId AND NOT ({IsKey})", new { listId, key.CustomerId, key.AccountId, key.Segment }) > 0,
        cancellationToken);

    public Task SaveAsync(AudienceKey key, AudienceRecord record, CancellationToken cancellationToken) => database.WriteAsync(
        transaction => transaction.ExecuteAsync(
            """
            INSERT INTO remote_audiences (customer_id, account_id, segment, marker, list_id, ledger, must_replace)
            VALUES (@CustomerId, @AccountId, @Segment, @Marker, @ListId, @Ledger, @mustReplace)
            ON CONFLICT (customer_id, account_id, segment) DO UPDATE
            SET marker = excluded.marker, list_id = excluded.list_id, ledger = excluded.ledger, must_replace = excluded.must_replace
            """,
            new { key.CustomerId, key.AccountId, key.Segment, record.Marker, record.ListId, record.Ledger, mustReplace = record.MustReplace ? 1 : 0 }),
        cancellationToken);

    /// <summary>Everybody is being replaced: from here on the ledger remembers by itself that this is not over.</summary>
    public Task ReplacingAsync(AudienceKey key, CancellationToken cancellationToken) => database.WriteAsync(
        transaction => transaction.ExecuteAsync($"UPDATE remote_audiences SET must_replace = 0 WHERE {IsKey}", key), cancellationToken);
}

/// <summary>An audience as it is remembered.</summary>
/// <param name="Marker">What its description holds.</param>
/// <param name="ListId">Null until it is known.</param>
/// <param name="Ledger">Whose ledger tells who stands in it; null when that was not written down.</param>
/// <param name="MustReplace">It may hold others than the ledger says, or nobody.</param>
internal sealed record AudienceRecord(string Marker, string? ListId, string? Ledger, bool MustReplace);
