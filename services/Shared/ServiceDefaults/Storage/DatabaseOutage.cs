using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>Tells an outage of the database, which passes, from a bug, which does not.</summary>
public static class DatabaseOutage
{
    private const int SqliteBusy = 5;
    private const int SqliteLocked = 6;
    private const int SqliteFull = 13;

    /// <summary>Whether trying again later may help: the caller of an RPC gets UNAVAILABLE, a loop backs off.</summary>
    public static bool Is(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow } => true,
        NpgsqlException { IsTransient: true } => true,
        SqliteException { SqliteErrorCode: SqliteBusy or SqliteLocked or SqliteFull } => true,
        DbException { InnerException: { } inner } => inner is IOException or TimeoutException,
        _ => false,
    };
}
