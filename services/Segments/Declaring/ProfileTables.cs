using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>The typed tables of an environment's profiles, as SQL.</summary>
internal static class ProfileTables
{
    // Both engines then agree on the order of ids, the byte order that the membership streams promise.
    /// <summary>Definition of a column that holds customer ids.</summary>
    public static string IdType(Engine engine) => engine is Engine.Sqlite ? "TEXT NOT NULL" : "TEXT COLLATE \"C\" NOT NULL";

    // On SQLite the rows live in the tree of their ids: refreshes and streams walk that tree in order, side by side with
    // those of the members.
    /// <summary>What a table of rows by customer id ends with.</summary>
    public static string KeyedById(Engine engine) => engine is Engine.Sqlite ? " WITHOUT ROWID" : "";

    public static string Create(Engine engine, ProfileSet set)
    {
        var columns = string.Concat(set.Schema.Columns.Select(a => $", {a.Column} {ProfileAttribute.ColumnType(a.Kind)}"));
        return
            $"""
            CREATE TABLE {set.Table} (
              {ProfileSet.IdColumn} {IdType(engine)}, {ProfileSet.ChangedColumn} BIGINT NOT NULL{columns}, PRIMARY KEY ({ProfileSet.IdColumn})){KeyedById(engine)};
            CREATE INDEX {Identifier.Quote($"profiles_{set.StorageId}_changed")} ON {set.Table} ({ProfileSet.ChangedColumn});
            CREATE TABLE {set.DeletionTable} (
              {ProfileSet.IdColumn} {IdType(engine)}, {ProfileSet.ChangedColumn} BIGINT NOT NULL, deleted_at BIGINT NOT NULL, PRIMARY KEY ({ProfileSet.IdColumn})){KeyedById(engine)};
            CREATE INDEX {Identifier.Quote($"deletions_{set.StorageId}_changed")} ON {set.DeletionTable} ({ProfileSet.ChangedColumn});
            CREATE INDEX {Identifier.Quote($"deletions_{set.StorageId}_time")} ON {set.DeletionTable} (deleted_at);
            """;
    }

    public static IEnumerable<string> Alter(ProfileSet set, SchemaChange change) =>
    [
        .. change.Added.Select(a => $"ALTER TABLE {set.Table} ADD COLUMN {a.Column} {ProfileAttribute.ColumnType(a.Kind)}"),
        .. change.Dropped.Select(a => $"ALTER TABLE {set.Table} DROP COLUMN {a.Column}"),
    ];
}
