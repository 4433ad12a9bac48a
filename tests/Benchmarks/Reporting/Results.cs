using System.Runtime.InteropServices;

namespace CustomerInsights.Benchmarks.Reporting;

/// <summary>What one scenario measured on one engine.</summary>
/// <param name="Profiles">0 when the scenario is not about profiles.</param>
internal sealed record Results(
    string Scenario,
    string Engine,
    int Profiles,
    Machine Machine,
    IReadOnlyList<Phase> Phases,
    IReadOnlyList<Target> Targets)
{
    /// <summary>What was done over and over, for scenarios that compare rates.</summary>
    public IReadOnlyList<Rate> Rates { get; init; } = [];
}

/// <summary>Where it ran.</summary>
internal sealed record Machine(int Processors, long MemoryBytes, string OperatingSystem, string Runtime)
{
    public static Machine This() => new(
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription);
}

/// <summary>One measured part.</summary>
/// <param name="Items">Profiles that went through; 0 when none did.</param>
/// <param name="Requests">Requests to the destination; null when it plays no part.</param>
/// <param name="Processes">What each process used meanwhile.</param>
internal sealed record Phase(string Name, double Seconds, long Items, long? Requests, IReadOnlyList<ProcessUse> Processes)
{
    public double ItemsPerSecond => Seconds > 0 ? Items / Seconds : 0;
}

/// <summary>What one process used in a phase.</summary>
/// <param name="PeakBytes">Resident memory at most.</param>
internal sealed record ProcessUse(string Name, double ProcessorSeconds, long PeakBytes);

/// <summary>A promise and what came of it.</summary>
internal sealed record Target(string Name, string Wanted, double Measured, bool IsMet)
{
    public static Target AtLeast(string name, double wanted, double measured) => new(name, $">= {wanted:0.###}", measured, measured >= wanted);

    public static Target AtMost(string name, double wanted, double measured) => new(name, $"<= {wanted:0.###}", measured, measured <= wanted);
}
