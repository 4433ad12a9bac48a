using System.Collections.Concurrent;
using CustomerInsights.Rpc.Tests.Interop;

namespace CustomerInsights.Conformance.Cases;

/// <summary>Who calls whom.</summary>
internal enum Direction
{
    OfficialClient,
    OfficialServer,
    Ourselves,
}

/// <summary>
/// How the interoperability cases went in each direction. The test that completes a case says the line of it, whichever
/// comes last, so the table needs no order of tests.
/// </summary>
internal static class CaseTable
{
    private static readonly Dictionary<Direction, string> Titles = new()
    {
        [Direction.OfficialClient] = "grpc-js calls us",
        [Direction.OfficialServer] = "we call grpc-js",
        [Direction.Ourselves] = "we call us",
    };

    private static readonly ConcurrentDictionary<(string Case, Direction Direction), string> Outcomes = [];

    public static IEnumerable<string> CaseNames => OurClient.CaseNames;

    /// <summary>Runs a case and notes its outcome.</summary>
    /// <param name="run">Fails when the case does.</param>
    /// <param name="remark">Stands in the table in the place of "passed", for a peer that cannot do all of a case.</param>
    public static async Task RunAsync(string caseName, Direction direction, Func<Task> run, string remark = "passed")
    {
        var outcome = "FAILED";
        try
        {
            await run();
            outcome = remark;
        }
        finally
        {
            Outcomes[(caseName, direction)] = outcome;
            var cells = Titles.Select(title => (Title: title.Value, Outcome: Outcomes.GetValueOrDefault((caseName, title.Key)))).ToList();
            if (cells.TrueForAll(cell => cell.Outcome is not null))
            {
                await TestContext.Out.WriteLineAsync(
                    $"measured: interop {caseName,-28}{string.Concat(cells.Select(cell => $" | {cell.Title}: {cell.Outcome}"))}");
            }
        }
    }
}
