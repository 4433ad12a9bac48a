using System.Diagnostics;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>Numbers that a test promises to tell: test.sh prints every line that begins so.</summary>
internal static class Measured
{
    public static void Say(string what) => TestContext.Out.WriteLine($"measured: {what}");

    public static void Recovery(string after, long since, int repeatedRows) =>
        Say($"{after}: delivered {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s later, {repeatedRows} rows sent twice");
}
