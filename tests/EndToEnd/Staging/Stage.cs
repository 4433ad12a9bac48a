using System.Globalization;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>Which of the two ways to run the system.</summary>
public enum Shape
{
    /// <summary>One process, SQLite, in-process bus.</summary>
    Standalone,

    /// <summary>A process for each service, PostgreSQL, RabbitMQ.</summary>
    Processes,

    /// <summary>As <see cref="Processes"/>, each beside a Dapr sidecar that carries its events and calls.</summary>
    Sidecars,

    /// <summary>As <see cref="Processes"/>, every second one beside a Dapr sidecar: they share the broker.</summary>
    Mixed,
}

/// <summary>A running system for the tests of one fixture. Each test plays a <see cref="Story"/> of its own on it.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>Rows from which on Microsoft Advertising gets a file.</summary>
    public const int FileFrom = 2_000;

    private readonly string _folder;
    private readonly OwnPlace? _place;
    private readonly Sidecars? _sidecars;

    private Stage(string folder, (OwnPlace? Place, Sidecars? Sidecars) around, Topology topology, Insights insights) =>
        (_folder, _place, _sidecars, Topology, Insights) = (folder, around.Place, around.Sidecars, topology, insights);

    public Topology Topology { get; }

    /// <summary>Calls as a platform administrator.</summary>
    public Insights Insights { get; }

    /// <summary>Database and broker of the topology; null for Standalone.</summary>
    public ServerAddresses? Servers => _place?.Addresses;

    /// <summary>Where the database and the virtual host are; not of Standalone.</summary>
    public OwnPlace Place => _place ?? throw new InvalidOperationException("Standalone has none.");

    /// <summary>Of the shapes that have them.</summary>
    public Sidecars Sidecars => _sidecars ?? throw new InvalidOperationException("There are none.");

    /// <summary>Databases of Standalone and logs of all processes.</summary>
    public string Folder => _folder;

    /// <param name="servers">Where to have a database and a virtual host; null for the shared servers.</param>
    /// <param name="settings">For every process, beside those that make tests quick.</param>
    public static async Task<Stage> SetAsync(
        Shape shape, ServerAddresses? servers, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("insights-e2e-").FullName;
        var place = shape == Shape.Standalone ? null : await OwnPlace.CreateAsync(servers ?? OwnPlace.Shared(), cancellationToken);
        Sidecars? sidecars = null;
        try
        {
            var options = new TopologyOptions { Folder = folder, Servers = place?.Addresses, Settings = Quick(settings) };
            if (shape is Shape.Sidecars or Shape.Mixed)
            {
                sidecars = await Sidecars.StartAsync(Topology.AppIds.Where((_, number) => shape == Shape.Sidecars || number % 2 == 0), place!.Addresses.RabbitMq, cancellationToken);
                options = options with { Port = sidecars.Port, SettingsOf = sidecars.SettingsOf };
            }

            var topology = await Topology.StartAsync(options, cancellationToken);
            var token = await topology.TokenAsync("ada", platformAdministrator: true, cancellationToken);
            return new Stage(folder, (place, sidecars), topology, Insights.As(topology, token));
        }
        catch
        {
            await (sidecars?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (place?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>The logs of all processes, into the output of a test that failed.</summary>
    public void ShowLogsOfFailure()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status != NUnit.Framework.Interfaces.TestStatus.Failed)
        {
            return;
        }

        foreach (var process in Topology.Processes)
        {
            TestContext.Out.WriteLine($"==== {process.Name}, process {process.Id}\n{process.LogTail(60)}");
        }
    }

    /// <summary>Starts again whoever a test has killed.</summary>
    public async Task RaiseTheDeadAsync(CancellationToken cancellationToken)
    {
        foreach (var dead in Topology.Processes.Where(p => p.HasExited).ToList())
        {
            await Topology.StartAgainAsync(dead.Name, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Insights.Dispose();
        await Topology.DisposeAsync();
        await (_sidecars?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_place?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_folder, recursive: true);
    }

    // A person can wait a minute until a lost event heals, or ten seconds until a file is asked for; a test need not. And files
    // begin where a story has them soon.
    private static Dictionary<string, string> Quick(IReadOnlyDictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["Exports:HealEvery"] = "00:00:02",
            ["Exports:AskAgainAfterQueued"] = "00:00:05",
            ["Exports:CatchUpPause"] = "00:00:02",
            ["MicrosoftAdvertising:FirstAsk"] = "00:00:01",
            ["MicrosoftAdvertising:LongestAsk"] = "00:00:01",
            ["MicrosoftAdvertising:FileFrom"] = FileFrom.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        return all;
    }
}
