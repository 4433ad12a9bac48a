using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>Which customer list mirrors which segment (D-09).</summary>
internal sealed class AudienceRecords(Database database)
{
    /// <summary>What is remembered of an audience, or null.</summary>
    public Task<AudienceRecord?> FindAsync(AudienceKey key, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.QuerySingleOrDefaultAsync<AudienceRecord>(
            "SELECT marker, list_id FROM remote_audiences WHERE customer_id = @CustomerId AND account_id = @AccountId AND segment = @Segment", key),
        cancellationToken);

    public Task SaveAsync(AudienceKey key, AudienceRecord record, CancellationToken cancellationToken) => database.WriteAsync(
        transaction => transaction.ExecuteAsync(
            """
            INSERT INTO remote_audiences (customer_id, account_id, segment, marker, list_id) VALUES (@CustomerId, @AccountId, @Segment, @Marker, @ListId)
            ON CONFLICT (customer_id, account_id, segment) DO UPDATE SET marker = excluded.marker, list_id = excluded.list_id
            """,
            new { key.CustomerId, key.AccountId, key.Segment, record.Marker, record.ListId }),
        cancellationToken);
}

/// <summary>An audience as it is remembered.</summary>
/// <param name="Marker">What its description holds.</param>
/// <param name="ListId">Null until it is known.</param>
internal sealed record AudienceRecord(string Marker, string? ListId);
