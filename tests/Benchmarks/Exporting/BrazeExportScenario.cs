using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Benchmarks.Sampling;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.Sandbox.Braze;
using CustomerInsights.Sandbox.Braze.Controlling;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>
/// The main job with everything on this machine: a first full run, one per cent of changes, and nothing to do; against a
/// bare client that posts the same bodies to the same stand-in. On PostgreSQL as separate processes, on SQLite as Standalone.
/// </summary>
internal sealed class BrazeExportScenario(BenchmarkOptions options, Engine engine)
{
    private const string Identifier = "benchmark";
    private const string BareWorkspace = "bare";
    private const string BareKey = "bare-rest-api-key";
    private const double LeastOfBare = 0.6;
    private const double LeastRate = 25_000;
    private const double MostWorkerMegabytes = 300;
    private const double MostIdleSeconds = 1;
    private const double Megabyte = 1_000_000;

    private readonly List<Phase> _phases = [];
    private readonly List<Target> _targets = [];

    public async Task<Results> RunAsync(CancellationToken cancellationToken)
    {
        await using var servers = engine == Engine.PostgreSql ? await PlaceForServers.StartAsync(cancellationToken) : null;
        var folder = Directory.CreateTempSubdirectory("benchmark-").FullName;
        Console.WriteLine("starting processes ...");
        await using (var topology = await Topology.StartAsync(new TopologyOptions { Folder = folder, Servers = servers?.Addresses }, cancellationToken))
        {
            var processes = topology.Processes.Select(process => new MeasuredProcess(process.Name, process.Id));
            var meter = new Meter([.. processes, .. servers?.Processes() ?? []]);
            var usersOfBare = await PostBareAsync(topology.SandboxAddress, meter, cancellationToken);
            var usersOfExport = await ExportAsync(topology, meter, folder, cancellationToken);
            _targets.Add(Target.AtLeast("users equal to those of the bare client", 1, usersOfExport == usersOfBare ? 1 : 0));
        }

        Directory.Delete(folder, recursive: true);
        return new Results(options.Scenario, engine.ToString(), options.Profiles, Machine.This(), _phases, _targets);
    }

    /// <summary>The digest of the users that the bare client made.</summary>
    private async Task<string> PostBareAsync(Uri sandbox, Meter meter, CancellationToken cancellationToken)
    {
        using var control = new BrazeControl(sandbox, BareWorkspace);
        await control.AllowKeyAsync(BareKey, cancellationToken);
        await control.SetAsync(SandboxSettings(), cancellationToken);
        using var client = new BareClient(sandbox, BareKey, options.InFlight);
        var bodies = BareClient.BuildBodies(GeneratedProfiles.All(options.Profiles), Identifier);

        // The stand-in compiles while it runs; both shall meet it warm.
        await client.PostAsync([.. bodies.Take(bodies.Count / 10 + 1)], cancellationToken);
        await control.ResetAsync(cancellationToken);
        _phases.Add(await meter.MeasureAsync("bare client", async () => (options.Profiles, await client.PostAsync(bodies, cancellationToken))));
        var digest = await control.DigestAsync(cancellationToken);
        await control.ResetAsync(cancellationToken);
        return digest.Sha256;
    }

    /// <summary>The digest of the users that the first run made.</summary>
    private async Task<string> ExportAsync(Topology topology, Meter meter, string folder, CancellationToken cancellationToken)
    {
        using var insights = Insights.As(topology, await topology.TokenAsync("bench", platformAdministrator: true, cancellationToken));
        using var control = new BrazeControl(topology.SandboxAddress);
        await control.SetAsync(SandboxSettings(), cancellationToken);
        var environment = await SetUp.CreateEnvironmentAsync(insights, "benchmark", cancellationToken);
        await SetUp.DeclareSchemaAsync(insights, environment.Name, GeneratedProfiles.Schema, cancellationToken);
        var (customers, changes) = (Path.Combine(folder, "customers.csv"), Path.Combine(folder, "changes.csv"));
        await GeneratedProfiles.WriteAsync(customers, GeneratedProfiles.All(options.Profiles), cancellationToken);
        await GeneratedProfiles.WriteAsync(changes, GeneratedProfiles.Changed(options.Profiles), cancellationToken);
        var work = new ExportWork(insights, control, meter, environment.Name);

        _phases.Add(await work.ImportAsync("import", customers, cancellationToken));
        var connection = await SetUp.ConnectAsync(insights, environment.Name, topology.BrazeHost, topology.BrazeKey, cancellationToken);
        var rule = new Condition { Comparison = new Comparison { Attribute = "Email", Operator = ComparisonOperator.IsNotNull } };
        var segment = await SetUp.CreateSegmentAsync(insights, environment.Name, "everybody", new Segment { DisplayName = "Everybody", Rule = rule }, cancellationToken);
        var export = await work.CreateExportAsync(connection, segment, Settings(), cancellationToken);

        _phases.Add(await work.RefreshAsync("refresh", segment, cancellationToken));
        var full = await work.DeliverAsync("full run", export, cancellationToken);
        _phases.Add(full);
        var digest = await control.DigestAsync(cancellationToken);
        _phases.Add(await work.ImportAsync("import of 1 %", changes, cancellationToken));
        _phases.Add(await work.RefreshAsync("refresh after 1 %", segment, cancellationToken));
        _phases.Add(await work.DeliverAsync("run of 1 %", export, cancellationToken));
        _phases.Add(await work.RefreshAsync("refresh without changes", segment, cancellationToken));
        var idle = await work.DeliverAsync("run without changes", export, cancellationToken);
        _phases.Add(idle);
        AddTargets(full, idle);
        return digest.Sha256;
    }

    private void AddTargets(Phase full, Phase idle)
    {
        var bare = _phases.Single(phase => phase.Name == "bare client");
        var worker = engine == Engine.PostgreSql ? "worker-braze" : Topology.Standalone;
        var peak = _phases.SelectMany(phase => phase.Processes).Where(use => use.Name == worker).Max(use => use.PeakBytes);
        _targets.Add(Target.AtLeast("full run / bare client", LeastOfBare, full.ItemsPerSecond / bare.ItemsPerSecond));
        _targets.Add(Target.AtLeast("full run, profiles/s", LeastRate, full.ItemsPerSecond));
        _targets.Add(Target.AtMost($"peak memory of {worker}, MB", MostWorkerMegabytes, peak / Megabyte));
        _targets.Add(Target.AtMost("run without changes, seconds", MostIdleSeconds, idle.Seconds));
        _targets.Add(Target.AtMost("run without changes, requests", 0, idle.Requests ?? 0));
    }

    private BrazeSettings SandboxSettings()
    {
        var settings = new BrazeSettings { Journal = JournalMode.Counts };
        return options.Limits ? settings : settings with { Limits = new Dictionary<LimitGroup, IReadOnlyList<RateWindow>>() };
    }

    private static BrazeExport Settings() => new()
    {
        SegmentApiIdentifier = Identifier,
        EmailAttribute = "Email",
        ExternalIdAttribute = "BrazeId",
        FieldAttributes = { ["first_name"] = "FirstName", ["last_name"] = "LastName", ["country"] = "Country" },
    };
}
