using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>Schemas in the database, and the tables that follow them.</summary>
internal static class ProfileSetStore
{
    public static Task<ProfileSet?> FindAsync(Session session, string environment) => ReadAsync(session, environment, "");

    /// <summary>
    /// Reads the set and keeps its row locked until the transaction ends: changes of one environment commit in the order
    /// of their numbers.
    /// </summary>
    public static Task<ProfileSet?> LockAsync(Transaction transaction, string environment) => ReadAsync(transaction, environment, transaction.ForUpdate);

    /// <summary>False when somebody else declared a schema in the meantime.</summary>
    public static async Task<bool> CreateAsync(Transaction transaction, ProfileSet set)
    {
        var inserted = await transaction.ExecuteAsync(
            """
            INSERT INTO profile_sets (environment, storage_id, key_attribute, change_number, profile_count, feed_floor, etag)
            VALUES (@Environment, @StorageId, @KeyAttribute, 0, 0, 0, @Etag)
            ON CONFLICT DO NOTHING
            """,
            new { set.Environment, set.StorageId, set.Schema.KeyAttribute, set.Etag });
        if (inserted == 0)
        {
            return false;
        }

        await WriteAttributesAsync(transaction, set);
        await transaction.ExecuteAsync(ProfileTables.Create(transaction.Engine, set));
        return true;
    }

    public static async Task ChangeSchemaAsync(Transaction transaction, ProfileSet set, SchemaChange change)
    {
        await transaction.ExecuteAsync(
            "UPDATE profile_sets SET etag = @Etag WHERE environment = @Environment", new { set.Environment, set.Etag });
        await WriteAttributesAsync(transaction, set);
        foreach (var statement in ProfileTables.Alter(set, change))
        {
            await transaction.ExecuteAsync(statement);
        }
    }

    /// <summary>Ids of the environments that have a schema.</summary>
    public static Task<IReadOnlyList<string>> ListEnvironmentsAsync(Session session) => session.QueryAsync<string>("SELECT environment FROM profile_sets");

    /// <summary>Stores how far the profiles have come.</summary>
    public static Task AdvanceAsync(Transaction transaction, ProfileSet set) => transaction.ExecuteAsync(
        """
        UPDATE profile_sets SET change_number = @ChangeNumber, profile_count = @ProfileCount, feed_floor = @FeedFloor
        WHERE environment = @Environment
        """,
        new { set.Environment, set.ChangeNumber, set.ProfileCount, set.FeedFloor });

    private static async Task<ProfileSet?> ReadAsync(Session session, string environment, string forUpdate)
    {
        var row = await session.QuerySingleOrDefaultAsync<SetRow>(
            $"""
            SELECT storage_id, key_attribute, change_number, profile_count, feed_floor, etag
            FROM profile_sets WHERE environment = @environment{forUpdate}
            """,
            new { environment });
        if (row is null)
        {
            return null;
        }

        var attributes = await session.QueryAsync<AttributeRow>(
            "SELECT name, kind, semantic_type FROM profile_attributes WHERE environment = @environment ORDER BY ordinal", new { environment });
        var schema = new ProfileSchema(row.KeyAttribute, [.. attributes.Select(a => new ProfileAttribute(a.Name, (AttributeKind)a.Kind, a.SemanticType))]);
        return new ProfileSet(environment, row.StorageId, schema, row.ChangeNumber, row.ProfileCount, row.FeedFloor, row.Etag);
    }

    private static async Task WriteAttributesAsync(Transaction transaction, ProfileSet set)
    {
        await transaction.ExecuteAsync("DELETE FROM profile_attributes WHERE environment = @Environment", new { set.Environment });
        for (var i = 0; i < set.Schema.Attributes.Count; i++)
        {
            var attribute = set.Schema.Attributes[i];
            await transaction.ExecuteAsync(
                """
                INSERT INTO profile_attributes (environment, ordinal, name, kind, semantic_type)
                VALUES (@Environment, @ordinal, @Name, @kind, @SemanticType)
                """,
                new { set.Environment, ordinal = (long)i, attribute.Name, kind = (long)attribute.Kind, attribute.SemanticType });
        }
    }

    private sealed record SetRow(string StorageId, string KeyAttribute, long ChangeNumber, long ProfileCount, long FeedFloor, string Etag);

    private sealed record AttributeRow(string Name, long Kind, string SemanticType);
}
