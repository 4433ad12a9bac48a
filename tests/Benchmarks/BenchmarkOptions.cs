using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Benchmarks;

/// <summary>What to measure, and with how much.</summary>
internal sealed record BenchmarkOptions
{
    public required string Scenario { get; init; }

    public required int Profiles { get; init; }

    public required IReadOnlyList<Engine> Engines { get; init; }

    /// <summary>Requests that the bare client keeps on their way: as many as the worker does.</summary>
    public required int InFlight { get; init; }

    /// <summary>Whether the stand-in limits the rate as Braze does.</summary>
    public required bool Limits { get; init; }

    /// <summary>How long the stand-in of Microsoft Advertising works on a file with all profiles; zero for not at all.</summary>
    public required TimeSpan Processing { get; init; }

    /// <summary>Rounds of each contender, for scenarios that compare rates.</summary>
    public required int Rounds { get; init; }

    /// <summary>Where the results go.</summary>
    public required string Output { get; init; }
}
