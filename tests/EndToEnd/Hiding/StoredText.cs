using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CustomerInsights.EndToEnd.Hiding;

/// <summary>Every value of every table of the databases of a topology, as text.</summary>
internal static class StoredText
{
    /// <summary>The databases of Standalone: one file for each app id.</summary>
    public static async IAsyncEnumerable<(string AppId, string Table, string Row)> OfSqliteAsync(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.db"))
        {
            await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            await connection.OpenAsync();
            var tables = await ReadAsync(connection, "SELECT name FROM sqlite_master WHERE type = 'table'").ToListAsync();
            foreach (var table in tables)
            {
                await foreach (var row in ReadAsync(connection, $"SELECT * FROM \"{table}\""))
                {
                    yield return (Path.GetFileNameWithoutExtension(file), table, row);
                }
            }
        }
    }

    /// <summary>The schemas of a PostgreSQL database: one for each app id.</summary>
    public static async IAsyncEnumerable<(string AppId, string Table, string Row)> OfPostgresAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        var tables = await ReadAsync(
            connection, "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')").ToListAsync();
        foreach (var name in tables.Select(t => t.Split('.', 2)))
        {
            await foreach (var row in ReadAsync(connection, $"SELECT * FROM \"{name[0]}\".\"{name[1]}\""))
            {
                yield return (name[0].Replace('_', '-'), name[1], row);
            }
        }
    }

    private static async IAsyncEnumerable<string> ReadAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var row = new StringBuilder();
            for (var i = 0; i < reader.FieldCount; i++)
            {
                row.Append(i == 0 ? "" : " | ").Append(reader.GetValue(i) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture));
            }

            yield return row.ToString();
        }
    }
}
