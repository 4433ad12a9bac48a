using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>
/// SQLite in WAL mode: readers never wait, writers of the process queue up without holding a thread. The driver is
/// synchronous, so work runs on a pool thread instead of the caller's: a door or a loop gets its task back at once and
/// may start several reads side by side.
/// </summary>
internal sealed class SqliteEngine : IDatabaseEngine
{
    private const int MinPoolThreads = 32;
    private const int BusyTimeoutMilliseconds = 15_000;

    // In KiB when negative. No memory map: its pages would count as the process's own, once for each connection, and grow
    // with the file; the system's cache serves scans nearly as fast. Sorts spill to files beyond the size of the cache.
    private const string ReaderSettings = "PRAGMA cache_size = -8192; PRAGMA query_only = ON;";
    private const string WriterSettings = "PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864;";

    // The driver pools handles but does not tell a fresh one; each is set up once.
    private readonly ConditionalWeakTable<sqlite3, object> _configured = [];
    private readonly SemaphoreSlim _writerTurn = new(1, 1);
    private readonly string _file;
    private readonly string _readers;
    private readonly string _writers;

    public SqliteEngine(string file)
    {
        _file = Path.GetFullPath(file);
        MakeFolder(Path.GetDirectoryName(_file)!);

        // SQLite itself waits for a lock of another process (busy_timeout); the driver's own loop on top would sleep on the
        // thread in steps of 150 ms, and for ever if its timeout were 0.
        var settings = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 1 };
        settings.Mode = SqliteOpenMode.ReadWrite;
        _readers = settings.ToString();
        settings.Mode = SqliteOpenMode.ReadWriteCreate;
        _writers = settings.ToString();

        // A long statement holds its pool thread. With the default minimum (one for each core) two of them would stall
        // everything else in the process until the pool grows by its slow rate.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, MinPoolThreads), ports);
    }

    public Engine Engine => Engine.Sqlite;

    public Task<T> RunAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken) => Task.Run(read, cancellationToken);

    public async Task<T> RunInTurnAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        await _writerTurn.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(write, cancellationToken);
        }
        finally
        {
            _writerTurn.Release();
        }
    }

    public Task<DbConnection> OpenReaderAsync(CancellationToken cancellationToken) => Task.FromResult<DbConnection>(Open(_readers, ReaderSettings));

    public Task<DbConnection> OpenWriterAsync(CancellationToken cancellationToken)
    {
        MakeFile();
        return Task.FromResult<DbConnection>(Open(_writers, WriterSettings));
    }

    public async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var transaction = Begin(connection, deferred: true);

        // A deferred transaction takes its snapshot at the first read, which must not come later than our return.
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT COUNT(*) FROM sqlite_schema";
        await command.ExecuteScalarAsync(cancellationToken);
        return transaction;
    }

    public Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<DbTransaction>(Begin(connection, deferred: false));

    // In WAL mode IMMEDIATE excludes every other writer, and so every other migration; EXCLUSIVE would add nothing.
    public Task<DbTransaction> BeginMigrationAsync(DbConnection connection, CancellationToken cancellationToken) =>
        BeginWriteAsync(connection, cancellationToken);

    public CancellationTokenRegistration InterruptWhenCancelled(DbConnection connection, CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled
            ? cancellationToken.Register(static handle => raw.sqlite3_interrupt((sqlite3)handle!), ((SqliteConnection)connection).Handle)
            : default;

    public bool IsInterruption(Exception exception) => exception is SqliteException { SqliteErrorCode: raw.SQLITE_INTERRUPT };

    // Writers of the process take turns, and of other processes wait for each other: nothing to repeat.
    public bool IsConflict(Exception exception) => false;

    public ValueTask DisposeAsync()
    {
        foreach (var settings in new[] { _readers, _writers })
        {
            using var connection = new SqliteConnection(settings);
            SqliteConnection.ClearPool(connection);
        }

        _writerTurn.Dispose();
        return ValueTask.CompletedTask;
    }

    // The umask of most systems would let every local user read what is stored. A folder that is there has its owner's choice.
    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    // Before SQLite does: what it makes beside the file (write-ahead log, shared memory) gets the mode of the file.
    private void MakeFile()
    {
        if (!OperatingSystem.IsWindows() && !File.Exists(_file))
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            };
            new FileStream(_file, options).Dispose();
        }
    }

    private static SqliteTransaction Begin(DbConnection connection, bool deferred) =>
        ((SqliteConnection)connection).BeginTransaction(IsolationLevel.Serializable, deferred);

    private SqliteConnection Open(string connectionString, string settings)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            if (!_configured.TryGetValue(connection.Handle!, out _))
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}; PRAGMA synchronous = NORMAL; {settings}";
                command.ExecuteNonQuery();
                _configured.AddOrUpdate(connection.Handle!, this);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
