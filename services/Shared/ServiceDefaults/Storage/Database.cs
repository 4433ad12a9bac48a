using System.Data.Common;
using System.Reflection;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>The database of one service. Nobody else reads or writes it.</summary>
public sealed class Database : IAsyncDisposable
{
    private const int MaxAttempts = 6;

    private readonly IDatabaseEngine _engine;
    private readonly ApplyMigrations _migrations;
    private readonly AsyncLocal<bool> _writing = new();

    private Database(IDatabaseEngine engine, ApplyMigrations migrations) => (_engine, _migrations) = (engine, migrations);

    /// <summary>The engine, for the few statements that need a variant.</summary>
    public Engine Engine => _engine.Engine;

    /// <summary>Opens the database of a service without touching it yet; <see cref="MigrateAsync"/> brings it up to date.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="appId">Names the SQLite file and the PostgreSQL schema ('-' becomes '_').</param>
    /// <param name="service">The assembly that embeds the service's Migrations/*.sql.</param>
    /// <param name="time">The clock.</param>
    /// <param name="libraries">Further assemblies that embed migrations; theirs are applied before the service's.</param>
    public static Database Open(StorageOptions options, string appId, Assembly service, TimeProvider time, params IReadOnlyList<Assembly> libraries)
    {
        IDatabaseEngine engine = options.Engine switch
        {
            Engine.Sqlite => new SqliteEngine(Path.Combine(options.Directory, $"{appId}.db")),
            Engine.PostgreSql => new PostgreSqlEngine(
                options.ConnectionString ?? throw new InvalidOperationException("Storage:ConnectionString is not set."), appId.Replace('-', '_'), appId),
            _ => throw new InvalidOperationException($"Storage:Engine {options.Engine} is unknown."),
        };
        return new Database(engine, new ApplyMigrations(engine, appId, service, libraries, time));
    }

    /// <summary>
    /// Applies the migrations that are missing, under a lock and all or none of them. Throws
    /// <see cref="MigrationException"/> when the database was written by another version than this one can follow.
    /// </summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => _engine.RunInTurnAsync(() => _migrations.RunAsync(cancellationToken), cancellationToken);

    /// <summary>Runs reads on one connection, outside of a transaction.</summary>
    public Task<T> ReadAsync<T>(Func<Session, Task<T>> read, CancellationToken cancellationToken) =>
        _engine.RunAsync(
            async () =>
            {
                await using var session = new ReadSession(_engine, await _engine.OpenReaderAsync(cancellationToken), null, cancellationToken);
                return await read(session);
            },
            cancellationToken);

    /// <summary>Opens a read-only transaction that sees one consistent snapshot for as long as it is open.</summary>
    public Task<Session> OpenSnapshotAsync(CancellationToken cancellationToken) => _engine.RunAsync(
        async Task<Session> () =>
        {
            var connection = await _engine.OpenReaderAsync(cancellationToken);
            var transaction = await OrDisposeAsync(connection, _engine.BeginSnapshotAsync, cancellationToken);
            return new ReadSession(_engine, connection, transaction, cancellationToken);
        },
        cancellationToken);

    /// <summary>
    /// Runs a transaction and commits it when the function returns; anything thrown rolls it back. On SQLite writers of
    /// the process wait for each other. Events published in it leave after the commit. When PostgreSQL lets the
    /// transaction lose against another one (deadlock, unique index), the function runs again: keep its effects inside the transaction.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<Transaction, Task<T>> write, CancellationToken cancellationToken)
    {
        if (_writing.Value)
        {
            throw new InvalidOperationException("A transaction is open already in this flow; pass it on instead of beginning another one.");
        }

        var attempt = 1;
        while (true)
        {
            try
            {
                var (result, transaction) = await _engine.RunInTurnAsync(() => WriteOnceAsync(write, cancellationToken), cancellationToken);
                transaction.RunAfterCommit();
                return result;
            }
            catch (DbException exception) when (attempt < MaxAttempts && _engine.IsConflict(exception))
            {
                // At once: the transaction that won has committed or can now go on.
                attempt++;
            }
        }
    }

    /// <summary>As <see cref="WriteAsync{T}"/>, without a result.</summary>
    public Task WriteAsync(Func<Transaction, Task> write, CancellationToken cancellationToken) => WriteAsync(
        async transaction =>
        {
            await write(transaction);
            return true;
        },
        cancellationToken);

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private static async Task<DbTransaction> OrDisposeAsync(
        DbConnection connection, Func<DbConnection, CancellationToken, Task<DbTransaction>> begin, CancellationToken cancellationToken)
    {
        try
        {
            return await begin(connection, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<(T Result, Transaction Transaction)> WriteOnceAsync<T>(Func<Transaction, Task<T>> write, CancellationToken cancellationToken)
    {
        _writing.Value = true;
        var connection = await _engine.OpenWriterAsync(cancellationToken);
        var begun = await OrDisposeAsync(connection, _engine.BeginWriteAsync, cancellationToken);
        await using var transaction = new Transaction(_engine, connection, begun, cancellationToken);
        try
        {
            var result = await write(transaction);
            await transaction.CommitAsync();
            return (result, transaction);
        }
        catch (DbException exception) when (_engine.IsInterruption(exception))
        {
            throw new OperationCanceledException("The transaction was interrupted.", exception, cancellationToken);
        }
    }
}
