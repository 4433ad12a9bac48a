using System.Reflection;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.TestKit;

/// <summary>
/// An empty database for one test: a file in a temporary folder, or a database of its own on the shared PostgreSQL server.
/// Dropped when disposed; what was opened through it is closed before.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly List<Database> _opened = [];
    private readonly string _name;

    private TestDatabase(string name, StorageOptions options) => (_name, Options) = (name, options);

    /// <summary>For the section "Storage" of a service under test.</summary>
    public StorageOptions Options { get; }

    public Engine Engine => Options.Engine;

    public static async Task<TestDatabase> CreateAsync(Engine engine, CancellationToken cancellationToken = default)
    {
        var name = Some.Name("test").Replace('-', '_');
        if (engine == Engine.Sqlite)
        {
            var folder = Directory.CreateTempSubdirectory(name).FullName;
            return new TestDatabase(name, new StorageOptions { Engine = engine, Directory = folder });
        }

        await OnServerAsync($"CREATE DATABASE {Identifier.Quote(name)} TEMPLATE template0", cancellationToken);
        var settings = new NpgsqlConnectionStringBuilder(TestServers.PostgreSql) { Database = name, MaxPoolSize = 20 };
        return new TestDatabase(name, new StorageOptions { Engine = engine, ConnectionString = settings.ToString() });
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
            await OnServerAsync($"DROP DATABASE IF EXISTS {Identifier.Quote(_name)} WITH (FORCE)", CancellationToken.None);
        }
    }

    private static async Task OnServerAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(TestServers.PostgreSql);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
