using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.TestKit;

/// <summary>
/// Databases on the shared PostgreSQL server, each lent to one test at a time. Making and dropping one takes longer than most tests do, so one
/// that comes back is emptied, and goes to the next test under another name: whoever still knows the old one finds nothing there.
/// </summary>
internal static class SpareDatabases
{
    private const string Empty = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
        DO $$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' LOOP
                EXECUTE format('DROP SCHEMA %I CASCADE', name);
            END LOOP;
            CREATE SCHEMA public;
        END $$;
        """;

    private static readonly ConcurrentBag<string> Spare = [];

    static SpareDatabases() => AppDomain.CurrentDomain.ProcessExit += (_, _) => DropAll();

    /// <returns>What opens an empty database that nobody else has.</returns>
    public static async Task<NpgsqlConnectionStringBuilder> TakeAsync(CancellationToken cancellationToken)
    {
        var name = Some.Name("test").Replace('-', '_');
        if (!Spare.TryTake(out var spare) || !await TryRenameAsync(spare, name, cancellationToken))
        {
            await OnServerAsync($"CREATE DATABASE {Identifier.Quote(name)} TEMPLATE template0", cancellationToken);
        }

        return new NpgsqlConnectionStringBuilder(TestServers.PostgreSql) { Database = name };
    }

    public static async Task GiveBackAsync(NpgsqlConnectionStringBuilder settings)
    {
        await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false }.ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(Empty, connection);
            await command.ExecuteNonQueryAsync();
        }

        Spare.Add(settings.Database!);
    }

    // Somebody who was not told that the test is over may be connected again.
    private static async Task<bool> TryRenameAsync(string spare, string name, CancellationToken cancellationToken)
    {
        try
        {
            await OnServerAsync($"ALTER DATABASE {Identifier.Quote(spare)} RENAME TO {Identifier.Quote(name)}", cancellationToken);
            return true;
        }
        catch (PostgresException inUse) when (inUse.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            await OnServerAsync($"DROP DATABASE {Identifier.Quote(spare)} WITH (FORCE)", cancellationToken);
            return false;
        }
    }

    private static async Task OnServerAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(TestServers.PostgreSql);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // As far as the process is given time for it, and the server is there.
    private static void DropAll()
    {
        try
        {
            while (Spare.TryTake(out var name))
            {
                using var connection = new NpgsqlConnection(TestServers.PostgreSql);
                connection.Open();
                using var command = new NpgsqlCommand($"DROP DATABASE {Identifier.Quote(name)} WITH (FORCE)", connection);
                command.ExecuteNonQuery();
            }
        }
        catch (NpgsqlException)
        {
            Spare.Clear();
        }
    }
}
