using System.Data;
using System.Data.Common;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>PostgreSQL: one pool, every connection with the service's schema as its search path.</summary>
internal sealed class PostgreSqlEngine : IDatabaseEngine
{
    private const int CommandTimeoutSeconds = 600;
    private const int MaxPoolSize = 40;

    private readonly NpgsqlDataSource _source;
    private readonly string _schema;

    public PostgreSqlEngine(string connectionString, string schema, string applicationName)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        var settings = builder.ConnectionStringBuilder;
        settings.SearchPath = Identifier.Quote(schema);
        settings.ApplicationName ??= applicationName;

        // Whole segments are refreshed by one statement, which the driver's 30 seconds would cut off; callers bound their work by tokens.
        settings.CommandTimeout = given.ContainsKey("Command Timeout") || given.ContainsKey("CommandTimeout") ? settings.CommandTimeout : CommandTimeoutSeconds;
        settings.MaxPoolSize = given.ContainsKey("Maximum Pool Size") || given.ContainsKey("MaxPoolSize") ? settings.MaxPoolSize : MaxPoolSize;

        // Compiling a plan takes longer than most statements here, and the planner misjudges which are worth it.
        settings.Options ??= "-c jit=off";
        _source = builder.Build();
        _schema = schema;
    }

    public Engine Engine => Engine.PostgreSql;

    public Task<T> RunAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken) => read();

    public Task<T> RunInTurnAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken) => write();

    public async Task<DbConnection> OpenReaderAsync(CancellationToken cancellationToken) => await _source.OpenConnectionAsync(cancellationToken);

    public async Task<DbConnection> OpenWriterAsync(CancellationToken cancellationToken) => await _source.OpenConnectionAsync(cancellationToken);

    public async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

        // The snapshot is taken by the first statement that reads; SET alone does not.
        await ExecuteAsync(transaction, "SET TRANSACTION READ ONLY; SELECT 1", cancellationToken);
        return transaction;
    }

    public async Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);

    public async Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await ExecuteAsync(transaction, $"SELECT pg_advisory_xact_lock(hashtextextended('customerinsights migrations {_schema}', 0))", cancellationToken);
        await ExecuteAsync(transaction, $"CREATE SCHEMA IF NOT EXISTS {Identifier.Quote(_schema)}", cancellationToken);
        return transaction;
    }

    public CancellationTokenRegistration InterruptWhenCancelled(DbConnection connection, CancellationToken cancellationToken) => default;

    public bool IsInterruption(Exception exception) => false;

    public bool IsConflict(Exception exception) =>
        exception is PostgresException
        {
            // A unique violation: another transaction stored the same between this one's check and its statement. Run again, the check sees it.
            SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation,
        };

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static async Task ExecuteAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
