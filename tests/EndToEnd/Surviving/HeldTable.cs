using CustomerInsights.TestKit;
using Npgsql;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>
/// A lock on the tables of members that lets others read and not write: a refresh has found the difference, and stands
/// still before it writes it, for as long as a test wants.
/// </summary>
internal sealed class HeldTable : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private HeldTable(NpgsqlConnection connection, NpgsqlTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    public static async Task<HeldTable> OfMembersAsync(string database, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var tables = new List<string>();
        await using (var find = new NpgsqlCommand("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'segments' AND tablename LIKE 'members%'", connection, transaction))
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                tables.Add(reader.GetString(0));
            }
        }

        Assert.That(tables, Is.Not.Empty, "tables of members");
        await using var hold = new NpgsqlCommand($"LOCK TABLE {string.Join(", ", tables)} IN SHARE MODE", connection, transaction);
        await hold.ExecuteNonQueryAsync(cancellationToken);
        return new HeldTable(connection, transaction);
    }

    /// <summary>Waits until a statement of another session is held up by a lock.</summary>
    public static async Task WaitUntilSomebodyWaitsAsync(string database, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await Eventually.TrueAsync(
            async () =>
            {
                await using var command = source.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
                return (long)(await command.ExecuteScalarAsync(cancellationToken))! > 0;
            },
            "the refresh stands still",
            cancellationToken: cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
