namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>Which database engine a service runs on.</summary>
public enum Engine
{
    /// <summary>A file; one process, for Standalone and development.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or later; the tables of a service live in a schema of its own.</summary>
    PostgreSql,
}
