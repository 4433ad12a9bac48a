using System.Reflection;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>
/// Brings the tables of ServiceDefaults, of the libraries that the service uses and of the service itself up to date, in
/// one transaction and under a lock.
/// </summary>
internal sealed class ApplyMigrations(IDatabaseEngine engine, string appId, Assembly service, IReadOnlyList<Assembly> libraries, TimeProvider time)
{
    private const string OwnSet = "service-defaults";

    /// <summary>Tells how many were applied.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var connection = await engine.OpenWriterAsync(cancellationToken);
        await using (connection)
        {
            var begun = await engine.BeginMigrationAsync(connection, cancellationToken);
            await using var transaction = new Transaction(engine, connection, begun, cancellationToken);
            await transaction.ExecuteAsync(
                """
                CREATE TABLE IF NOT EXISTS migrations (
                  set_name TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL,
                  PRIMARY KEY (set_name, number))
                """);
            var own = typeof(ApplyMigrations).Assembly;
            var count = await ApplyAsync(transaction, OwnSet, own);
            foreach (var library in libraries)
            {
                count += await ApplyAsync(transaction, library.GetName().Name!, library);
            }

            count += service == own ? 0 : await ApplyAsync(transaction, appId, service);
            await transaction.CommitAsync();
            return count;
        }
    }

    private async Task<int> ApplyAsync(Transaction transaction, string set, Assembly assembly)
    {
        var known = Migration.Of(assembly, engine.Engine);
        var applied = await transaction.QueryAsync<Applied>("SELECT number, name, checksum FROM migrations WHERE set_name = @set ORDER BY number", new { set });
        Compare(set, known, applied);
        var missing = known.Where(migration => applied.All(a => a.Number != migration.Number)).ToList();
        foreach (var migration in missing)
        {
            await transaction.ExecuteAsync(migration.Sql);
            await transaction.ExecuteAsync(
                "INSERT INTO migrations (set_name, number, name, checksum, applied_at) VALUES (@set, @Number, @Name, @Checksum, @now)",
                new { set, migration.Number, migration.Name, migration.Checksum, now = time.GetUtcNow().ToMicroseconds() });
        }

        return missing.Count;
    }

    private static void Compare(string set, IReadOnlyList<Migration> known, IReadOnlyList<Applied> applied)
    {
        foreach (var row in applied)
        {
            var migration = known.FirstOrDefault(m => m.Number == row.Number) ?? throw new MigrationException(
                $"The database has migration {row.Number:D4}_{row.Name} of {set}, which this version does not know: it was written by a newer version. Start that version, or restore a backup from before it.");
            if (migration.Checksum != row.Checksum)
            {
                throw new MigrationException(
                    $"Migration {row.Number:D4}_{row.Name} of {set} was applied with another text than this version carries. An applied migration never changes: restore its text, and put the change into a new one.");
            }
        }

        var last = applied.Count == 0 ? 0 : applied[^1].Number;
        if (known.FirstOrDefault(m => m.Number < last && applied.All(a => a.Number != m.Number)) is { } late)
        {
            throw new MigrationException(
                $"Migration {late.Number:D4}_{late.Name} of {set} was never applied, but {last:D4} was. Migrations go forward only: give it a number above {last:D4}.");
        }
    }

    private sealed record Applied(int Number, string Name, string Checksum);
}
