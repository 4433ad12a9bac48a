using System.Data.Common;
using System.Text;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Tests;

/// <summary>All that the service's database holds, as text.</summary>
internal static class StoredText
{
    /// <summary>Every row of every table, one on each line.</summary>
    public static Task<string> DumpAsync(Database database, Engine engine, CancellationToken cancellationToken) => database.ReadAsync(
        async session =>
        {
            var tables = await session.QueryAsync<string>(engine == Engine.Sqlite
                ? "SELECT name FROM sqlite_master WHERE type = 'table'"
                : "SELECT table_name FROM information_schema.tables WHERE table_schema = 'connections'");
            var text = new StringBuilder();
            foreach (var table in tables)
            {
                await using var command = session.Connection.CreateCommand();
                command.CommandText = $"SELECT * FROM {Identifier.Quote(table)}";
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                await AppendRowsAsync(text, table, reader, cancellationToken);
            }

            return text.ToString();
        },
        cancellationToken);

    private static async Task AppendRowsAsync(StringBuilder text, string table, DbDataReader reader, CancellationToken cancellationToken)
    {
        var values = new object[reader.FieldCount];
        while (await reader.ReadAsync(cancellationToken))
        {
            reader.GetValues(values);
            text.Append(table).Append(": ").AppendJoin('|', values.Select(v => v is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{v}".Replace('\n', ' '))).Append('\n');
        }
    }
}
