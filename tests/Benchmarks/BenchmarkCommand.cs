using System.CommandLine;
using System.Globalization;
using CustomerInsights.Benchmarks.Calling;
using CustomerInsights.Benchmarks.Exporting;
using CustomerInsights.Benchmarks.Refreshing;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Benchmarks;

/// <summary>The command line.</summary>
internal static class BenchmarkCommand
{
    public const string BrazeExport = "braze-export";
    public const string MicrosoftAdvertising = "microsoft-advertising";
    public const string SegmentRefresh = "segment-refresh";
    public const string Grpc = "grpc";

    private const int ExportedProfiles = 500_000;
    private const int RefreshedProfiles = 2_000_000;
    private const int WorkerRequestsInFlight = 16;

    public static RootCommand Create()
    {
        var scenario = new Option<string>("--scenario") { Description = "What to measure.", Required = true }.AcceptOnlyFromAmong(BrazeExport, MicrosoftAdvertising, SegmentRefresh, Grpc);
        var profiles = new Option<int?>("--profiles") { Description = $"How many. Default: {ExportedProfiles:N0} for {BrazeExport} and {MicrosoftAdvertising}, {RefreshedProfiles:N0} for {SegmentRefresh}." };
        var engine = new Option<Engine?>("--engine") { Description = $"Where profiles are stored. Default: PostgreSql (separate processes) for {BrazeExport}; {SegmentRefresh} measures both." };
        var inFlight = new Option<int>("--in-flight") { Description = "Requests that the bare client keeps on their way, as many as the worker.", DefaultValueFactory = _ => WorkerRequestsInFlight };
        var rounds = new Option<int>("--rounds") { Description = $"How often each contender takes its turn, where rates are compared.", DefaultValueFactory = _ => 18 };
        var limits = new Option<bool>("--limits") { Description = "Let the stand-in limit the rate as Braze does." };
        var processing = new Option<TimeSpan>("--processing") { Description = $"How long the stand-in of {MicrosoftAdvertising} works on a file with all profiles, such as 00:00:05. The target leaves it out." };
        processing.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && TimeSpan.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var time) && time < TimeSpan.Zero)
            {
                result.AddError("--processing must be zero or longer.");
            }
        });
        var output = new Option<string>("--output") { Description = "Folder for the results.", DefaultValueFactory = _ => Path.Combine(Repository.Root, "artifacts", "benchmarks") };
        var root = new RootCommand("Measures the system against the least that the same work could cost. Build Release first; let nothing else run.")
        {
            scenario, profiles, engine, inFlight, rounds, limits, processing, output,
        };
        root.SetAction((parsed, cancellationToken) =>
        {
            var isExport = parsed.GetValue(scenario) is BrazeExport or MicrosoftAdvertising;
            var engines = parsed.GetValue(engine) is { } one ? [one] : parsed.GetValue(scenario) == SegmentRefresh ? new[] { Engine.Sqlite, Engine.PostgreSql } : [Engine.PostgreSql];
            var options = new BenchmarkOptions
            {
                Scenario = parsed.GetValue(scenario)!,
                Profiles = parsed.GetValue(profiles) ?? (isExport ? ExportedProfiles : RefreshedProfiles),
                Engines = engines,
                InFlight = parsed.GetValue(inFlight),
                Rounds = parsed.GetValue(rounds),
                Limits = parsed.GetValue(limits),
                Processing = parsed.GetValue(processing),
                Output = parsed.GetValue(output)!,
            };
            return RunAsync(options, cancellationToken);
        });
        return root;
    }

    /// <summary>The exit code: 0 when every target is met.</summary>
    private static async Task<int> RunAsync(BenchmarkOptions options, CancellationToken cancellationToken)
    {
        var met = true;
        foreach (var engine in options.Engines)
        {
            var results = await (options.Scenario switch
            {
                BrazeExport => new BrazeExportScenario(options, engine).RunAsync(cancellationToken),
                MicrosoftAdvertising => new MicrosoftAdvertisingScenario(options, engine).RunAsync(cancellationToken),
                SegmentRefresh => new SegmentRefreshScenario(options, engine).RunAsync(cancellationToken),
                _ => new GrpcScenario(options).RunAsync(cancellationToken),
            });
            Console.Write(ResultTable.Write(results));
            Console.WriteLine($"Written to {await ResultFile.WriteAsync(results, options.Output, cancellationToken)}");
            met &= results.Targets.All(target => target.IsMet);
        }

        return met ? 0 : 1;
    }
}
