using CustomerInsights.Quickstart.Starting;
using CustomerInsights.TestKit;
using Npgsql;

namespace CustomerInsights.Benchmarks.Measuring;

/// <summary>A PostgreSQL and a RabbitMQ that nobody else uses, stopped and removed afterwards.</summary>
internal sealed class PlaceForServers : IAsyncDisposable
{
    private readonly string _folder;
    private readonly PrivateServers _servers;

    private PlaceForServers(string folder, PrivateServers servers) => (_folder, _servers) = (folder, servers);

    public ServerAddresses Addresses => _servers.Addresses;

    public static async Task<PlaceForServers> StartAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine("starting servers ...");
        var folder = Path.Combine(Repository.Root, ".data", Some.Name("benchmark"));
        return new PlaceForServers(folder, await PrivateServers.StartAsync(folder, cancellationToken));
    }

    /// <summary>The servers as processes.</summary>
    public IEnumerable<MeasuredProcess> Processes() =>
    [
        new MeasuredProcess("postgresql", ReadId("postgres/data/postmaster.pid")),
        new MeasuredProcess("rabbitmq", ReadId("rabbitmq/server.pid")),
    ];

    /// <summary>What PostgreSQL does by itself within a minute or two after so many changes: between the runs of a real export it always has.</summary>
    public async Task VacuumAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(Addresses.Postgres);
        await using var vacuum = source.CreateCommand("VACUUM (ANALYZE)");
        vacuum.CommandTimeout = 0;
        await vacuum.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private int ReadId(string file) => int.Parse(File.ReadLines(Path.Combine(_folder, file)).First(), System.Globalization.CultureInfo.InvariantCulture);
}
