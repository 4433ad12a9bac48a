using System.Diagnostics;
using CustomerInsights.Benchmarks.Reporting;

namespace CustomerInsights.Benchmarks.Measuring;

/// <summary>
/// Measures things against each other in this process: in many short turns, so that whatever the machine does meanwhile befalls
/// them all, and by the middle one of the rounds.
/// </summary>
internal sealed class RateMeter(int rounds, TimeSpan round)
{
    /// <summary>Until the compiler has done its best with what is measured.</summary>
    private const int WarmUps = 3;

    private readonly Dictionary<string, List<Rate>> _rates = [];

    /// <summary>The middle one of a contender's rounds by rate, which stands for it.</summary>
    public Rate MiddleOf(string name) => _rates[name].OrderBy(rate => rate.PerSecond).ElementAt(_rates[name].Count / 2);

    /// <summary>A figure of one contender by that of another: see <see cref="WithinRounds"/>.</summary>
    public double RatioOf(string name, string baseline, Func<Rate, double> figure) => WithinRounds(of => figure(of(name)) / figure(of(baseline)));

    /// <summary>
    /// What is worked out of the rates of several contenders: within each round, of which the middle one counts. The moods of the machine
    /// change it much less than what is worked out of rates of different rounds.
    /// </summary>
    /// <param name="workOut">Is given the rate of each contender, by name.</param>
    public double WithinRounds(Func<Func<string, Rate>, double> workOut)
    {
        var found = Enumerable.Range(0, rounds).Select(round => workOut(name => _rates[name][round])).Order().ToList();
        return (found[(found.Count - 1) / 2] + found[found.Count / 2]) / 2;
    }

    /// <summary>Runs each contender a few times to warm up and then in turns, in an order that changes, so that none always follows the same one.</summary>
    public async Task<IReadOnlyList<Rate>> RunAsync(IReadOnlyList<Contender> contenders, CancellationToken cancellationToken)
    {
        for (var i = -WarmUps; i < rounds; i++)
        {
            foreach (var contender in OrderOf(contenders, WarmUps + i))
            {
                var rate = await MeasureAsync(contender, cancellationToken);
                if (i >= 0)
                {
                    (_rates.TryGetValue(contender.Name, out var list) ? list : _rates[contender.Name] = []).Add(rate);
                }
            }
        }

        return [.. contenders.Select(contender => MiddleOf(contender.Name))];
    }

    /// <summary>Goes backwards every other round, and begins with another one every second.</summary>
    private static IEnumerable<Contender> OrderOf(IReadOnlyList<Contender> contenders, int round)
    {
        var first = round / 2 % contenders.Count;
        var order = contenders.Skip(first).Concat(contenders.Take(first));
        return round % 2 == 0 ? order : order.Reverse();
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
