using System.Globalization;

namespace CustomerInsights.Benchmarks.Measuring;

/// <summary>One program on this machine with everything it started, as /proc shows it.</summary>
/// <param name="Name">What it is called in the results.</param>
/// <param name="Id">Process id of the first of them.</param>
internal sealed record MeasuredProcess(string Name, int Id)
{
    // Of /proc/{id}/stat, counted after the name: state is 0.
    private const int ParentField = 1;
    private const int UserTimeField = 11;
    private const int SystemTimeField = 12;
    private const int ChildrenUserTimeField = 13;
    private const int ChildrenSystemTimeField = 14;

    // Linux counts in hundredths of a second, whatever its own clock is.
    private const double TicksPerSecond = 100;

    /// <summary>Processor time so far: its own, of living descendants, and of those it has seen end.</summary>
    public double ProcessorSeconds() => Family()
        .Sum(stat => stat[UserTimeField] + stat[SystemTimeField] + stat[ChildrenUserTimeField] + stat[ChildrenSystemTimeField]) / TicksPerSecond;

    /// <summary>Resident memory at most since <see cref="ForgetPeak"/>, of the first process alone: the others share most of theirs.</summary>
    public long PeakBytes()
    {
        var line = File.ReadLines($"/proc/{Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>From now on the peak counts anew.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{Id}/clear_refs", "5");

    private IEnumerable<long[]> Family()
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Stat: ReadStat(id)))
            .Where(process => process.Stat is not null)
            .ToDictionary(process => process.Id, process => process.Stat!);
        var found = new Queue<int>([Id]);
        while (found.TryDequeue(out var id))
        {
            if (all.TryGetValue(id, out var stat))
            {
                yield return stat;
            }

            foreach (var child in all.Where(process => process.Value[ParentField] == id))
            {
                found.Enqueue(child.Key);
            }
        }
    }

    // Null when the process has ended meanwhile.
    private static long[]? ReadStat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return [.. fields.Take(ChildrenSystemTimeField + 1).Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out var value) ? value : 0)];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
