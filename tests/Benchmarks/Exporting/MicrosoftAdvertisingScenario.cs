using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Benchmarks.Sampling;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>
/// A segment into a customer list with everything on this machine: everybody by the Bulk service, then one address in fifty by
/// Apply calls, then nothing. Beside it what hashing and compressing cost by themselves, and what a row costs in small and in large calls.
/// The stand-in can be told to take time for a file as the vendor does; the target is about the rest.
/// </summary>
internal sealed class MicrosoftAdvertisingScenario(BenchmarkOptions options, Engine engine)
{
    private const string Worker = "worker-microsoft-advertising";
    private const int ChangeEvery = 50;
    private const double MostSeconds = 20;
    private const double MostWorkerMegabytes = 300;
    private const double LeastApplied = 20_000;
    private const double Megabyte = 1_000_000;

    // Asking costs a share of two processors, so it is rare, and how long a run takes is told by the run.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private readonly List<Phase> _phases = [];
    private readonly List<Target> _targets = [];

    // The stand-in counts in whole milliseconds.
    private int PerThousandRows => (int)Math.Round(options.Processing.TotalMilliseconds * 1_000 / options.Profiles);

    private TimeSpan Processing => TimeSpan.FromMilliseconds((double)PerThousandRows * options.Profiles / 1_000);

    public async Task<Results> RunAsync(CancellationToken cancellationToken)
    {
        await using var servers = engine == Engine.PostgreSql ? await PlaceForServers.StartAsync(cancellationToken) : null;
        var folder = Directory.CreateTempSubdirectory("benchmark-").FullName;
        var settings = new Dictionary<string, string>
        {
            ["MicrosoftAdvertising:MembersPerExport"] = "4000000",
            ["MicrosoftAdvertising:FileFrom"] = $"{options.Profiles / ChangeEvery * 2}",
            ["MicrosoftAdvertising:FirstAsk"] = "00:00:00.100",
            ["MicrosoftAdvertising:LongestAsk"] = "00:00:00.500",
        };
        Console.WriteLine("starting processes ...");
        await using (var topology = await Topology.StartAsync(new TopologyOptions { Folder = folder, Servers = servers?.Addresses, Settings = settings }, cancellationToken))
        {
            var processes = topology.Processes.Select(process => new MeasuredProcess(process.Name, process.Id));
            await ExportAsync(topology, servers, new Meter([.. processes, .. servers?.Processes() ?? []]), folder, cancellationToken);
        }

        Directory.Delete(folder, recursive: true);
        var mapping = await new MappingRates(options.Rounds).RunAsync(cancellationToken);
        return new Results(options.Scenario, engine.ToString(), options.Profiles, Machine.This(), _phases, [.. _targets, .. mapping.Targets]) { Rates = mapping.Rates };
    }

    private async Task ExportAsync(Topology topology, PlaceForServers? servers, Meter meter, string folder, CancellationToken cancellationToken)
    {
        using var insights = Insights.As(topology, await topology.TokenAsync("bench", platformAdministrator: true, cancellationToken));
        using var control = new MicrosoftAdvertisingControl(topology.SandboxAddress);
        await control.SetAsync(new MicrosoftAdvertisingSettings { ProcessingMillisecondsPerThousandRows = PerThousandRows }, cancellationToken);
        var environment = (await SetUp.CreateEnvironmentAsync(insights, "benchmark", cancellationToken)).Name;
        await SetUp.DeclareSchemaAsync(insights, environment, GeneratedProfiles.Schema, cancellationToken);
        _phases.Add(await ImportAsync(insights, meter, environment, Path.Combine(folder, "customers.csv"), GeneratedProfiles.All(options.Profiles), cancellationToken));
        var rule = new Condition { Comparison = new Contracts.Segments.V1.Comparison { Attribute = "Email", Operator = ComparisonOperator.IsNotNull } };
        var segment = await SetUp.CreateSegmentAsync(insights, environment, "everybody", new Segment { DisplayName = "Everybody", Rule = rule }, cancellationToken);
        var export = await CreateExportAsync(insights, environment, segment, cancellationToken);

        await RefreshAsync(insights, segment, cancellationToken);
        var full = await DeliverAsync(insights, meter, "everybody by a file", export, cancellationToken);
        _phases.Add(full);
        var changes = GeneratedProfiles.All(options.Profiles).Where((_, index) => index % ChangeEvery == 0).Select(customer => customer with { Email = $"new.{customer.Email}" });
        await ImportAsync(insights, meter, environment, Path.Combine(folder, "changes.csv"), changes, cancellationToken);
        await RefreshAsync(insights, segment, cancellationToken);
        await (servers?.VacuumAsync(cancellationToken) ?? Task.CompletedTask);
        var applied = await DeliverAsync(insights, meter, "2 % by Apply calls", export, cancellationToken);
        _phases.Add(applied);
        await RefreshAsync(insights, segment, cancellationToken);
        var idle = await DeliverAsync(insights, meter, "run without changes", export, cancellationToken);
        _phases.Add(idle);
        _phases.Add(await meter.MeasureAsync("hashing alone", () => Task.FromResult(((long)HashAll(), (long?)null))));
        _phases.Add(await meter.MeasureAsync("compressing alone", () => Task.FromResult(((long)CompressAll(), (long?)null))));

        var list = (await control.ListsAsync(cancellationToken)).Single();
        var peak = _phases.SelectMany(phase => phase.Processes).Where(use => use.Name == (engine == Engine.PostgreSql ? Worker : Topology.Standalone)).Max(use => use.PeakBytes);
        _targets.Add(Target.AtLeast("members of the list / profiles", 1, (double)list.Members / options.Profiles));
        _targets.Add(Target.AtMost($"everybody by a file, seconds besides {Processing.TotalSeconds:0.###} s of simulated processing", MostSeconds, full.Seconds - Processing.TotalSeconds));
        _targets.Add(Target.AtLeast("Apply, rows/s (added and taken out)", LeastApplied, 2 * applied.ItemsPerSecond));
        _targets.Add(Target.AtMost($"peak memory of the worker, MB", MostWorkerMegabytes, peak / Megabyte));
        _targets.Add(Target.AtMost("run without changes, requests", 0, idle.Requests ?? 0));
    }

    private static async Task<Phase> ImportAsync(
        Insights insights, Meter meter, string environment, string file, IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken)
    {
        await GeneratedProfiles.WriteAsync(file, customers, cancellationToken);
        return await meter.MeasureAsync("import", async () => (await ImportGenerated.RunAsync(insights.Profiles, environment, file, cancellationToken), null));
    }

    private static async Task<Export> CreateExportAsync(Insights insights, string environment, Segment segment, CancellationToken cancellationToken)
    {
        var signIn = await SetUp.SignInAsync(insights, environment, OtherStandIns.User, cancellationToken);
        var ads = new Connection { DisplayName = "Ads", MicrosoftAdvertising = new() { SignIn = signIn, CustomerMatchTermsAccepted = true } };
        var connection = await SetUp.ConnectAsync(insights, environment, "ads", ads, cancellationToken);
        var export = new Export
        {
            DisplayName = "Benchmark",
            Connection = connection.Name,
            Segments = { segment.Name },
            FollowRefreshes = false,
            MicrosoftAdvertising = new() { CustomerId = "1000001", AccountId = "2000001", EmailAttribute = "Email" },
        };
        return await SetUp.CreateExportAsync(insights, "benchmark", export, cancellationToken);
    }

    private static async Task RefreshAsync(Insights insights, Segment segment, CancellationToken cancellationToken)
    {
        var refresh = await insights.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment.Name }, cancellationToken: cancellationToken);
        await Follow.RefreshAsync(insights, refresh.Name, TimeSpan.FromMinutes(10), cancellationToken);
    }

    private static async Task<Phase> DeliverAsync(Insights insights, Meter meter, string name, Export export, CancellationToken cancellationToken)
    {
        var run = new ExportRun();
        var phase = await meter.MeasureAsync(name, async () =>
        {
            run = await insights.Exports.RunExportAsync(new RunExportRequest { Name = export.Name }, cancellationToken: cancellationToken);
            while (!Follow.HasEnded(run))
            {
                await Task.Delay(Poll, cancellationToken);
                run = await insights.Exports.GetExportRunAsync(new GetExportRunRequest { Name = run.Name }, cancellationToken: cancellationToken);
            }

            return run.State == RunState.Successful && run.Counts.Rejected + run.Counts.Skipped == 0
                ? (run.Counts.Added + run.Counts.Updated, run.Counts.Requests)
                : throw new InvalidOperationException($"The run ended {run.State} {run.Reason}: {run.Counts}");
        });
        return phase with { Seconds = (run.EndTime.ToDateTime() - run.RequestTime.ToDateTime()).TotalSeconds };
    }

    private int HashAll()
    {
        var count = 0;
        foreach (var customer in GeneratedProfiles.All(options.Profiles))
        {
            count += OtherStandIns.Hash(customer.Email).Length > 0 ? 1 : 0;
        }

        return count;
    }

    private int CompressAll()
    {
        using var zip = new ZipArchive(Stream.Null, ZipArchiveMode.Create);
        using var csv = zip.CreateEntry("upload.csv", CompressionLevel.Fastest).Open();
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (var number = 0; number < options.Profiles; number++)
        {
            RandomNumberGenerator.Fill(hash);
            csv.Write(Encoding.ASCII.GetBytes($"Customer List Item,,,819689004,{number},,,,,,,,,Email,{Convert.ToHexStringLower(hash)}\r\n"));
        }

        return options.Profiles;
    }
}
