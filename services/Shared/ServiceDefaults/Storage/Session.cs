using System.Data.Common;
using Dapper;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>A connection with, perhaps, a transaction; SQL goes through Dapper with the session's token.</summary>
/// <remarks>
/// Rows become records by their constructor: column names match parameter names whatever their case and underscores, and
/// numbers are converted, so that one record serves both engines. Not for concurrent use.
/// </remarks>
public abstract class Session : IAsyncDisposable
{
    private readonly IDatabaseEngine _engine;
    private readonly CancellationTokenRegistration _interrupt;

    static Session() => RecordTypeMap.Use();

    private protected Session(IDatabaseEngine engine, DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        (_engine, Connection, DbTransaction, CancellationToken) = (engine, connection, transaction, cancellationToken);
        _interrupt = engine.InterruptWhenCancelled(connection, cancellationToken);
    }

    /// <summary>The engine, for the few statements that need a variant.</summary>
    public Engine Engine => _engine.Engine;

    /// <summary>For bulk paths: COPY on PostgreSQL, prepared statements on SQLite.</summary>
    public DbConnection Connection { get; }

    /// <summary>The transaction to set on hand-made commands; null outside of one.</summary>
    public DbTransaction? DbTransaction { get; }

    /// <summary>Fires when the caller gives up.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>
    /// The comparison of a column with a list parameter, such as <c>WHERE id {session.AnyOf("ids")}</c>. The list goes as
    /// one array to PostgreSQL and as single values to SQLite, so keep it below some thousands.
    /// </summary>
    public string AnyOf(string parameter) => Engine == Engine.PostgreSql ? $"= ANY(@{parameter})" : $"IN @{parameter}";

    /// <summary>A text column in the order of its bytes, whatever the collation of the database: for lists and their pages.</summary>
    public string InByteOrder(string column) => Engine == Engine.PostgreSql ? $"{column} COLLATE \"C\"" : column;

    /// <summary>Runs statements that return nothing; tells how many rows they changed.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null) => RunAsync(sql, parameters, Connection.ExecuteAsync);

    /// <summary>All rows at once. For results without a small bound use <see cref="StreamAsync{T}"/>.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await RunAsync(sql, parameters, Connection.QueryAsync<T>)).AsList();

    /// <summary>The only row, or the default (null, 0) when there is none. More than one row is a bug.</summary>
    public Task<T?> QuerySingleOrDefaultAsync<T>(string sql, object? parameters = null) => RunAsync(sql, parameters, Connection.QuerySingleOrDefaultAsync<T>);

    /// <summary>The only row. None, or more than one, is a bug.</summary>
    public Task<T> QuerySingleAsync<T>(string sql, object? parameters = null) => RunAsync(sql, parameters, Connection.QuerySingleAsync<T>);

    /// <summary>Row by row, in constant memory. Nothing else may run on the session before the last row is read.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(string sql, object? parameters = null)
    {
        var rows = Connection.QueryUnbufferedAsync<T>(sql, parameters, DbTransaction).GetAsyncEnumerator(CancellationToken);
        await using (rows)
        {
            while (await GuardAsync(async () => await rows.MoveNextAsync()))
            {
                yield return rows.Current;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // First: an interruption must not reach whoever gets the connection from the pool next.
        await _interrupt.DisposeAsync();
        if (DbTransaction is not null)
        {
            await DbTransaction.DisposeAsync();
        }

        await Connection.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<T> RunAsync<T>(string sql, object? parameters, Func<CommandDefinition, Task<T>> run)
    {
        CancellationToken.ThrowIfCancellationRequested();
        return GuardAsync(() => run(new CommandDefinition(sql, parameters, DbTransaction, cancellationToken: CancellationToken)));
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (DbException exception) when (_engine.IsInterruption(exception))
        {
            throw new OperationCanceledException("The statement was interrupted.", exception, CancellationToken);
        }
    }
}

/// <summary>A session that only reads.</summary>
internal sealed class ReadSession(IDatabaseEngine engine, DbConnection connection, DbTransaction? snapshot, CancellationToken cancellationToken)
    : Session(engine, connection, snapshot, cancellationToken);
