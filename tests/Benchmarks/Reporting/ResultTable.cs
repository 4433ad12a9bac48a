using System.Globalization;
using System.Text;

namespace CustomerInsights.Benchmarks.Reporting;

/// <summary>Results as plain text.</summary>
internal static class ResultTable
{
    private const double Megabyte = 1_000_000;

    public static string Write(Results results)
    {
        var text = new StringBuilder();
        var profiles = results.Profiles == 0 ? "" : Number(results.Profiles, "N0") + " profiles, ";
        text.AppendLine(CultureInfo.InvariantCulture, $"{results.Scenario}: {profiles}{results.Engine}, {results.Machine.Processors} processors, {results.Machine.Runtime}");
        text.AppendLine();
        AppendPhases(text, results.Phases);
        AppendRates(text, results.Rates);
        Append(text, ["target", "wanted", "measured", ""], results.Targets.Select(target => new[]
        {
            target.Name, target.Wanted, Number(target.Measured, "0.###"), target.IsMet ? "met" : "MISSED",
        }));
        return text.ToString();
    }

    private static void AppendPhases(StringBuilder text, IReadOnlyList<Phase> phases)
    {
        if (phases.Count == 0)
        {
            return;
        }

        Append(text, ["phase", "seconds", "profiles", "profiles/s", "requests"], phases.Select(phase => new[]
        {
            phase.Name,
            Number(phase.Seconds, "0.000"),
            Number(phase.Items, "N0"),
            Number(phase.ItemsPerSecond, "N0"),
            phase.Requests is { } requests ? Number(requests, "N0") : "",
        }));
        AppendUses(text, "CPU s", phases, use => Number(use.ProcessorSeconds, "0.00"));
        AppendUses(text, "peak MB", phases, use => Number(use.PeakBytes / Megabyte, "0"));
    }

    private static void AppendRates(StringBuilder text, IReadOnlyList<Rate> rates)
    {
        if (rates.Count > 0)
        {
            Append(text, ["in turns", "per second", "per CPU second", "MB/s", "allocated B each"], rates.Select(rate => new[]
            {
                rate.Name,
                Number(rate.PerSecond, "N0"),
                Number(rate.PerProcessorSecond, "N0"),
                Number(rate.BytesPerSecond / Megabyte, "N1"),
                Number(rate.AllocatedPerOperation, "N0"),
            }));
        }
    }

    private static void AppendUses(StringBuilder text, string what, IReadOnlyList<Phase> phases, Func<ProcessUse, string> cell)
    {
        var names = phases.SelectMany(phase => phase.Processes).Select(use => use.Name).Distinct().ToList();
        if (names.Count > 0)
        {
            Append(text, [what, .. names], phases.Where(phase => phase.Processes.Count > 0).Select(phase => (string[])[phase.Name, .. phase.Processes.Select(cell)]));
        }
    }

    private static void Append(StringBuilder text, string[] header, IEnumerable<string[]> rows)
    {
        string[][] lines = [header, .. rows];
        var widths = header.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        foreach (var line in lines)
        {
            var cells = line.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.AppendLine(string.Join("  ", cells).TrimEnd());
        }

        text.AppendLine();
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
