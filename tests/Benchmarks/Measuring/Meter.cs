using System.Diagnostics;
using CustomerInsights.Benchmarks.Reporting;

namespace CustomerInsights.Benchmarks.Measuring;

/// <summary>Measures phases: time, and what each process uses meanwhile.</summary>
internal sealed class Meter(IReadOnlyList<MeasuredProcess> processes)
{
    /// <param name="work">Does it; tells how many profiles went through and how many requests were sent.</param>
    public async Task<Phase> MeasureAsync(string name, Func<Task<(long Items, long? Requests)>> work)
    {
        Console.WriteLine($"{name} ...");
        var before = processes.Select(process => process.ProcessorSeconds()).ToList();
        foreach (var process in processes)
        {
            process.ForgetPeak();
        }

        var began = Stopwatch.GetTimestamp();
        var (items, requests) = await work();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var uses = processes.Select((process, index) => new ProcessUse(process.Name, process.ProcessorSeconds() - before[index], process.PeakBytes()));
        return new Phase(name, seconds, items, requests, [.. uses]);
    }
}
