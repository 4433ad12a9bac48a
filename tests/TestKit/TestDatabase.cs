using System.Reflection;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.TestKit;

/// <summary>
/// An empty database for one test: a file in a temporary folder, or a database of its own on the shared PostgreSQL server.
/// Gone when disposed; what was opened through it is closed before.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly List<Database> _opened = [];
    private int _isDisposed;

    private TestDatabase(StorageOptions options) => Options = options;

    /// <summary>For the section "Storage" of a service under test.</summary>
    public StorageOptions Options { get; }

    public Engine Engine => Options.Engine;

    public static async Task<TestDatabase> CreateAsync(Engine engine, CancellationToken cancellationToken = default)
    {
        if (engine == Engine.Sqlite)
        {
            var folder = Directory.CreateTempSubdirectory("test").FullName;
            return new TestDatabase(new StorageOptions { Engine = engine, Directory = folder });
        }

        var settings = await SpareDatabases.TakeAsync(cancellationToken);
        settings.MaxPoolSize = 20;
        return new TestDatabase(new StorageOptions { Engine = engine, ConnectionString = settings.ConnectionString });
    }

    /// <summary>Opens it as a service would, brought up to date. Several opened ones are several replicas.</summary>
    /// <param name="appId">Names the file or the schema.</param>
    /// <param name="service">The assembly with the service's migrations; by default just the tables every service has.</param>
    public async Task<Database> OpenAsync(
        string appId = "app", Assembly? service = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var database = OpenUnmigrated(appId, service, time);
        await database.MigrateAsync(cancellationToken);
        return database;
    }

    /// <summary>Opens it as it is, without migrations.</summary>
    public Database OpenUnmigrated(string appId = "app", Assembly? service = null, TimeProvider? time = null)
    {
        var database = Database.Open(Options, appId, service ?? typeof(Database).Assembly, time ?? TimeProvider.System);
        _opened.Add(database);
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        foreach (var database in _opened)
        {
            await database.DisposeAsync();
        }

        if (Engine == Engine.Sqlite)
        {
            Directory.Delete(Options.Directory, recursive: true);
        }
        else
        {
            await SpareDatabases.GiveBackAsync(new NpgsqlConnectionStringBuilder(Options.ConnectionString));
        }
    }
}
