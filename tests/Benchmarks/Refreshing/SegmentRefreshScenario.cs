using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Benchmarks.Sampling;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;

namespace CustomerInsights.Benchmarks.Refreshing;

/// <summary>
/// Refreshes of the service, from the call to the published version, against the bare statement. A middling of several
/// each, taken in turns, so that a warm cache or a checkpoint favours neither.
/// </summary>
internal sealed class SegmentRefreshScenario(BenchmarkOptions options, Engine engine)
{
    private const int Rounds = 3;
    private const double MostTimesBare = 3;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(2);

    private readonly string _environment = Some.EnvironmentId();
    private readonly List<Phase> _phases = [];
    private readonly List<Target> _targets = [];

    public async Task<Results> RunAsync(CancellationToken cancellationToken)
    {
        await using var servers = engine == Engine.PostgreSql ? await PlaceForServers.StartAsync(cancellationToken) : null;
        if (servers is not null)
        {
            // The databases of tests, and so of the harness, are made where this says.
            System.Environment.SetEnvironmentVariable("CI_TEST_POSTGRES", servers.Addresses.Postgres);
        }

        await using var harness = await ServiceHarness.StartAsync(new SegmentsApp(), new HarnessOptions { Engine = engine }, cancellationToken);
        harness.Roles.Assign(_environment, "user:bench", Role.Administrator);
        await ImportAsync(harness, cancellationToken);
        foreach (var (name, rule) in Rules())
        {
            await MeasureAsync(harness, name, rule, cancellationToken);
        }

        return new Results(options.Scenario, engine.ToString(), options.Profiles, Machine.This(), _phases, _targets);
    }

    // Everybody, where storing the members is most of the work, and the rule of the quick start, where finding them is.
    private static IEnumerable<(string Name, Condition Rule)> Rules()
    {
        yield return ("everybody", new Condition { Comparison = new Comparison { Attribute = "Email", Operator = ComparisonOperator.IsNotNull } });
        yield return ("some", new Condition
        {
            Group = new ConditionGroup
            {
                Operator = LogicalOperator.And,
                Conditions =
                {
                    new Condition { Comparison = new Comparison { Attribute = "Country", Operator = ComparisonOperator.IsIn, Values = { Text("DE"), Text("FR"), Text("US") } } },
                    new Condition { Comparison = new Comparison { Attribute = "Points", Operator = ComparisonOperator.GreaterThanOrEqualTo, Values = { new AttributeValue { NumberValue = 6000 } } } },
                },
            },
        });
    }

    private static AttributeValue Text(string value) => new() { StringValue = value };

    private async Task ImportAsync(ServiceHarness harness, CancellationToken cancellationToken)
    {
        var profiles = harness.ClientOf<ProfileService.ProfileServiceClient>("user:bench");
        var schema = GeneratedProfiles.Schema.Clone();
        schema.Name = $"environments/{_environment}/profileSchema";
        await profiles.UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest { ProfileSchema = schema }, cancellationToken: cancellationToken);
        var file = Path.GetTempFileName();
        await GeneratedProfiles.WriteAsync(file, GeneratedProfiles.All(options.Profiles), cancellationToken);
        _phases.Add(await new Meter([]).MeasureAsync(
            "import", async () => (await ImportGenerated.RunAsync(profiles, $"environments/{_environment}", file, cancellationToken), null)));
        File.Delete(file);
    }

    private async Task MeasureAsync(ServiceHarness harness, string name, Condition rule, CancellationToken cancellationToken)
    {
        var segments = harness.ClientOf<SegmentService.SegmentServiceClient>("user:bench");
        var bare = new BareStatement(harness.Database, _environment);
        var (bareTimes, firstTimes, laterTimes, members) = (new List<double>(), new List<double>(), new List<double>(), 0L);
        for (var round = 1; round <= Rounds; round++)
        {
            (var seconds, members) = await bare.RunAsync(rule, cancellationToken);
            bareTimes.Add(seconds);
            var segment = await segments.CreateSegmentAsync(
                new CreateSegmentRequest { Parent = $"environments/{_environment}", SegmentId = $"{name}-{round}", Segment = new Segment { DisplayName = name, Rule = rule } },
                cancellationToken: cancellationToken);
            firstTimes.Add(await RefreshAsync(segments, segment.Name, members, cancellationToken));
            laterTimes.Add(await RefreshAsync(segments, segment.Name, members, cancellationToken));
        }

        foreach (var (what, times) in new[] { ("bare statement", bareTimes), ("first refresh", firstTimes), ("refresh without changes", laterTimes) })
        {
            _phases.Add(new Phase($"{name}: {what}", Middle(times), members, null, []));
        }

        _targets.Add(Target.AtMost($"{name}: first refresh / bare statement", MostTimesBare, Middle(firstTimes) / Middle(bareTimes)));
        _targets.Add(Target.AtMost($"{name}: refresh without changes / bare statement", MostTimesBare, Middle(laterTimes) / Middle(bareTimes)));
    }

    private static async Task<double> RefreshAsync(SegmentService.SegmentServiceClient segments, string segment, long members, CancellationToken cancellationToken)
    {
        Console.WriteLine($"refresh {segment} ...");
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var refresh = await segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment }, cancellationToken: cancellationToken);
        while (refresh.State is RefreshState.Queued or RefreshState.Processing)
        {
            await Task.Delay(Poll, cancellationToken);
            refresh = await segments.GetSegmentRefreshAsync(new GetSegmentRefreshRequest { Name = refresh.Name }, cancellationToken: cancellationToken);
        }

        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        return refresh.State == RefreshState.Successful && refresh.MemberCount == members
            ? seconds
            : throw new InvalidOperationException($"The refresh ended {refresh.State} with {refresh.MemberCount} members instead of {members}: {refresh.Error}");
    }

    private static double Middle(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
