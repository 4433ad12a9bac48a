using System.Diagnostics;
using CustomerInsights.Benchmarks.Reporting;

namespace CustomerInsights.Benchmarks.Measuring;

/// <summary>
/// Measures things against each other in this process: in turns, so that whatever the machine does meanwhile befalls them
/// all, and by the middle one of several rounds.
/// </summary>
internal sealed class RateMeter(int rounds, TimeSpan round)
{
    private readonly Dictionary<string, List<Rate>> _rates = [];

    /// <summary>Every round of a contender; the middle one by rate stands for it.</summary>
    public Rate MiddleOf(string name) => _rates[name].OrderBy(rate => rate.PerSecond).ElementAt(_rates[name].Count / 2);

    /// <summary>Runs each contender once to warm up and then in turns.</summary>
    public async Task<IReadOnlyList<Rate>> RunAsync(IReadOnlyList<Contender> contenders, CancellationToken cancellationToken)
    {
        for (var i = 0; i <= rounds; i++)
        {
            foreach (var contender in contenders)
            {
                var rate = await MeasureAsync(contender, cancellationToken);
                if (i > 0)
                {
                    (_rates.TryGetValue(contender.Name, out var list) ? list : _rates[contender.Name] = []).Add(rate);
                }
            }
        }

        return [.. contenders.Select(contender => MiddleOf(contender.Name))];
    }

    private async Task<Rate> MeasureAsync(Contender contender, CancellationToken cancellationToken)
    {
        Console.WriteLine($"{contender.Name} ...");
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var (processorBefore, allocatedBefore) = (process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
        var began = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, contender.AtOnce).Select(_ => Task.Run(
            async () =>
            {
                var done = 0L;
                while (Stopwatch.GetElapsedTime(began) < round)
                {
                    done += await contender.DoAsync(cancellationToken);
                }

                return done;
            },
            cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        process.Refresh();
        var operations = counts.Sum();
        return new Rate(
            contender.Name, operations, seconds, (process.TotalProcessorTime - processorBefore).TotalSeconds, operations * contender.BytesEach,
            GC.GetTotalAllocatedBytes() - allocatedBefore);
    }
}

/// <summary>Something to measure.</summary>
/// <param name="Name">What it is called in the results.</param>
/// <param name="AtOnce">How many do it at the same time.</param>
/// <param name="BytesEach">Payload that one operation moves.</param>
/// <param name="DoAsync">Does some operations; tells how many.</param>
internal sealed record Contender(string Name, int AtOnce, long BytesEach, Func<CancellationToken, Task<long>> DoAsync);
