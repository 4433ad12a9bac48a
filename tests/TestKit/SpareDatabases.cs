using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.TestKit;

/// <summary>
/// Databases on the shared PostgreSQL server, each lent to one test at a time. Making and dropping one takes longer than most tests do, so one
/// that comes back is emptied for the next test, down to its schemas and whoever was still connected; they are dropped when the process ends.
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
        if (!Spare.TryTake(out var name))
        {
            name = Some.Name("test").Replace('-', '_');
            await using var connection = new NpgsqlConnection(TestServers.PostgreSql);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand($"CREATE DATABASE {Identifier.Quote(name)} TEMPLATE template0", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return new NpgsqlConnectionStringBuilder(TestServers.PostgreSql) { Database = name };
    }

    public static async Task GiveBackAsync(NpgsqlConnectionStringBuilder settings)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Empty, connection);
        await command.ExecuteNonQueryAsync();
        Spare.Add(settings.Database!);
    }

    private static void DropAll()
    {
        if (Spare.IsEmpty)
        {
            return;
        }

        using var connection = new NpgsqlConnection(TestServers.PostgreSql);
        connection.Open();
        while (Spare.TryTake(out var name))
        {
            using var command = new NpgsqlCommand($"DROP DATABASE {Identifier.Quote(name)} WITH (FORCE)", connection);
            command.ExecuteNonQuery();
        }
    }
}
