using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace CustomerInsights.Segments.Importing;

/// <summary>A row that repeats the customer id of an earlier one.</summary>
internal sealed record DuplicateRow(long Line, long FirstLine);

/// <summary>What was staged.</summary>
/// <param name="Kept">Rows to insert or update.</param>
/// <param name="Deletions">Rows that ask for a deletion.</param>
/// <param name="DuplicateCount">Rows left out because an earlier one has their id.</param>
/// <param name="Duplicates">The first of those.</param>
internal sealed record Staged(long Kept, long Deletions, long DuplicateCount, IReadOnlyList<DuplicateRow> Duplicates);

/// <summary>The rows of one merge in a temporary table, by the fastest way each engine has; the first row of an id wins.</summary>
internal sealed class RowStage(Transaction transaction, IReadOnlyList<ProfileAttribute> attributes)
{
    public const string Table = "profile_stage";

    // A plan for a table that PostgreSQL knows nothing about is a guess that hurts from here on.
    private const int WorthAnalyzing = 1000;

    private static readonly string[] SystemColumns = [ProfileSet.IdColumn, "_line", "_deleted"];

    private readonly Engine _engine = transaction.Engine;

    public async Task<Staged> FillAsync(IEnumerable<ProfileRow> rows)
    {
        var columns = string.Concat(attributes.Select(a => $", {a.Column} {ProfileAttribute.ColumnType(a.Kind)}"));
        var system = $"{ProfileSet.IdColumn} {ProfileTables.IdType(_engine)}, _line BIGINT NOT NULL, _deleted BOOLEAN NOT NULL";
        await transaction.ExecuteAsync(_engine is Engine.Sqlite
            ? $"DROP TABLE IF EXISTS temp.{Table}; CREATE TEMP TABLE {Table} ({system}{columns}, PRIMARY KEY ({ProfileSet.IdColumn})) WITHOUT ROWID"
            : $"CREATE TEMP TABLE {Table} ({system}{columns}) ON COMMIT DROP");
        return _engine is Engine.Sqlite ? await InsertAsync(rows) : await CopyAsync(rows);
    }

    public Task DropAsync() => transaction.ExecuteAsync($"DROP TABLE {Table}");

    private async Task<Staged> InsertAsync(IEnumerable<ProfileRow> rows)
    {
        var (kept, deletions, duplicateCount) = (0L, 0L, 0L);
        var duplicates = new List<DuplicateRow>();
        await using var insert = (SqliteCommand)transaction.Connection.CreateCommand();
        insert.Transaction = (SqliteTransaction)transaction.DbTransaction!;
        var names = Enumerable.Range(0, SystemColumns.Length + attributes.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"@p{i}")).ToList();
        insert.CommandText = $"INSERT OR IGNORE INTO {Table} VALUES ({string.Join(", ", names)})";
        names.ForEach(name => insert.Parameters.AddWithValue(name, DBNull.Value));
        foreach (var row in rows)
        {
            Bind(insert.Parameters, row);
            if (await insert.ExecuteNonQueryAsync(transaction.CancellationToken) == 0)
            {
                duplicateCount++;
                await NoteDuplicateAsync(row, duplicates);
                continue;
            }

            (kept, deletions) = row.IsDeleted ? (kept, deletions + 1) : (kept + 1, deletions);
        }

        return new Staged(kept, deletions, duplicateCount, duplicates);
    }

    private void Bind(SqliteParameterCollection parameters, ProfileRow row)
    {
        transaction.CancellationToken.ThrowIfCancellationRequested();
        parameters[0].Value = row.Id;
        parameters[1].Value = row.Line;
        parameters[2].Value = row.IsDeleted;
        for (var i = 0; i < attributes.Count; i++)
        {
            parameters[SystemColumns.Length + i].Value = row.IsDeleted ? DBNull.Value : row.Values[i].ToParameter();
        }
    }

    private async Task NoteDuplicateAsync(ProfileRow row, List<DuplicateRow> duplicates)
    {
        if (duplicates.Count < ImportErrors.MaxKept)
        {
            var first = await transaction.QuerySingleAsync<long>($"SELECT _line FROM {Table} WHERE {ProfileSet.IdColumn} = @Id", new { row.Id });
            duplicates.Add(new DuplicateRow(row.Line, first));
        }
    }

    private async Task<Staged> CopyAsync(IEnumerable<ProfileRow> rows)
    {
        var deletions = 0L;
        var all = 0L;
        var connection = (NpgsqlConnection)transaction.Connection;
        var columns = string.Join(", ", SystemColumns.Concat(attributes.Select(a => a.Column)));
        await using (var copy = await connection.BeginBinaryImportAsync($"COPY {Table} ({columns}) FROM STDIN (FORMAT BINARY)", transaction.CancellationToken))
        {
            foreach (var row in rows)
            {
                await CopyRowAsync(copy, row);
                all++;
                deletions += row.IsDeleted ? 1 : 0;
            }

            await copy.CompleteAsync(transaction.CancellationToken);
        }

        if (all >= WorthAnalyzing)
        {
            await transaction.ExecuteAsync($"ANALYZE {Table}");
        }

        return await RemoveDuplicatesAsync(all, deletions);
    }

    private async Task CopyRowAsync(NpgsqlBinaryImporter copy, ProfileRow row)
    {
        var cancellationToken = transaction.CancellationToken;
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(row.Id, NpgsqlDbType.Text, cancellationToken);
        await copy.WriteAsync(row.Line, NpgsqlDbType.Bigint, cancellationToken);
        await copy.WriteAsync(row.IsDeleted, NpgsqlDbType.Boolean, cancellationToken);
        for (var i = 0; i < attributes.Count; i++)
        {
            var value = row.IsDeleted ? Scalar.Null : row.Values[i];
            await (value.Kind switch
            {
                AttributeKind.String => copy.WriteAsync(value.Text!, NpgsqlDbType.Text, cancellationToken),
                AttributeKind.Number => copy.WriteAsync(value.Number, NpgsqlDbType.Double, cancellationToken),
                AttributeKind.Date => copy.WriteAsync(value.Microseconds, NpgsqlDbType.Bigint, cancellationToken),
                AttributeKind.Boolean => copy.WriteAsync(value.Boolean, NpgsqlDbType.Boolean, cancellationToken),
                _ => copy.WriteNullAsync(cancellationToken),
            });
        }
    }

    private async Task<Staged> RemoveDuplicatesAsync(long all, long deletions)
    {
        const string Repeated =
            $"""
            (SELECT {ProfileSet.IdColumn} AS id, min(_line) AS first_line FROM {Table} GROUP BY {ProfileSet.IdColumn} HAVING count(*) > 1) r
            """;
        var duplicates = await transaction.QueryAsync<DuplicateRow>(
            $"""
            SELECT s._line AS line, r.first_line FROM {Table} s JOIN {Repeated} ON r.id = s.{ProfileSet.IdColumn}
            WHERE s._line > r.first_line ORDER BY s._line LIMIT {ImportErrors.MaxKept}
            """);
        if (duplicates.Count == 0)
        {
            return new Staged(all - deletions, deletions, 0, []);
        }

        var removed = await transaction.ExecuteAsync(
            $"DELETE FROM {Table} s USING {Repeated} WHERE r.id = s.{ProfileSet.IdColumn} AND s._line > r.first_line");
        deletions = await transaction.QuerySingleAsync<long>($"SELECT count(*) FROM {Table} WHERE _deleted");
        return new Staged(all - removed - deletions, deletions, removed, duplicates);
    }
}
