using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Environments.Creating;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Viewing;

/// <summary>An environment that exists, or (without creation time and etag) would exist.</summary>
internal sealed record StoredEnvironment(EnvironmentDraft Definition, DateTimeOffset? CreatedAt, string Etag);

/// <summary>The table of environments.</summary>
internal static class EnvironmentStore
{
    private const string Columns =
        "environment_id, display_name, type, primary_audience, region, storage_kind, attached_organization, created_at, etag";

    /// <summary>False when the id or the creator's request id is taken.</summary>
    public static async Task<bool> AddAsync(Transaction transaction, StoredEnvironment environment, string createdBy, string requestId)
    {
        var definition = environment.Definition;
        return await transaction.ExecuteAsync(
            $"""
            INSERT INTO environments ({Columns}, created_by, request_id)
            VALUES (@Id, @DisplayName, @type, @audience, @Region, @storage, @AttachedOrganization, @createdAt, @Etag, @createdBy, @requestId)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                definition.Id,
                definition.DisplayName,
                type = (long)definition.Type,
                audience = (long)definition.PrimaryAudience,
                definition.Region,
                storage = (long)definition.StorageKind,
                definition.AttachedOrganization,
                createdAt = environment.CreatedAt!.Value.ToMicroseconds(),
                environment.Etag,
                createdBy,
                requestId = requestId.Length == 0 ? null : requestId,
            }) == 1;
    }

    public static async Task<StoredEnvironment?> FindAsync(Session session, string id) => Read(await session.QuerySingleOrDefaultAsync<Row>(
        $"SELECT {Columns} FROM environments WHERE environment_id = @id", new { id }));

    public static async Task<StoredEnvironment?> FindByRequestAsync(Session session, string createdBy, string requestId) => Read(await session.QuerySingleOrDefaultAsync<Row>(
        $"SELECT {Columns} FROM environments WHERE created_by = @createdBy AND request_id = @requestId", new { createdBy, requestId }));

    /// <summary>Environments in which one of the principals has a role, in the byte order of their ids, one more than the page holds.</summary>
    public static async Task<IReadOnlyList<StoredEnvironment>> ListAsync(Session session, string[] principals, Paging paging)
    {
        var id = session.InByteOrder("environment_id");
        var rows = await session.QueryAsync<Row>(
            $"""
            SELECT {Columns} FROM environments
            WHERE {id} > @After
              AND environment_id IN (SELECT environment_id FROM role_assignments WHERE principal {session.AnyOf("principals")})
            ORDER BY {id}
            LIMIT @limit
            """,
            new { principals, paging.After, limit = paging.Size + 1 });
        return [.. rows.Select(row => Read(row)!)];
    }

    private static StoredEnvironment? Read(Row? row) => row is null ? null : new StoredEnvironment(
        new EnvironmentDraft(
            row.EnvironmentId, row.DisplayName, (EnvironmentType)row.Type, (PrimaryAudience)row.PrimaryAudience, row.Region, (StorageKind)row.StorageKind, row.AttachedOrganization),
        Timestamps.FromMicroseconds(row.CreatedAt),
        row.Etag);

    private sealed record Row(
        string EnvironmentId, string DisplayName, int Type, int PrimaryAudience, string Region, int StorageKind, string AttachedOrganization, long CreatedAt, string Etag);
}
