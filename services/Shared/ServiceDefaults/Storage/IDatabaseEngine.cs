using System.Data.Common;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>What differs between the engines below <see cref="Database"/>.</summary>
internal interface IDatabaseEngine : IAsyncDisposable
{
    Engine Engine { get; }

    /// <summary>Runs reads: off the caller's thread where the driver would block it.</summary>
    Task<T> RunAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken);

    /// <summary>As <see cref="RunAsync"/> for a write transaction, one at a time where the engine has one writer.</summary>
    Task<T> RunInTurnAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken);

    Task<DbConnection> OpenReaderAsync(CancellationToken cancellationToken);

    Task<DbConnection> OpenWriterAsync(CancellationToken cancellationToken);

    /// <summary>Begins a transaction whose snapshot is fixed from now on.</summary>
    Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken);

    Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Begins a transaction that keeps every other migration of this database waiting.</summary>
    Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Ends a running statement when the token fires, where the driver does not do so by itself.</summary>
    CancellationTokenRegistration InterruptWhenCancelled(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Whether the statement failed because the token interrupted it.</summary>
    bool IsInterruption(Exception exception);

    /// <summary>Whether the transaction lost against another one and succeeds when repeated.</summary>
    bool IsConflict(Exception exception);
}
