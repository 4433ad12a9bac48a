namespace CustomerInsights.Conformance.Sidecar;

/// <summary>Says how each quirk of the stand-in went with the official SDK, a line each; test.sh shows them as a table.</summary>
internal static class QuirkTable
{
    /// <summary>Runs a row and says its outcome.</summary>
    /// <param name="role">What of the SDK takes part: "client", "server", "proxy".</param>
    /// <param name="run">Fails when the row does.</param>
    /// <param name="remark">Stands in the place of "passed", for what the SDK cannot do.</param>
    public static async Task RunAsync(string role, string quirk, Func<Task> run, string remark = "passed")
    {
        var outcome = "FAILED";
        try
        {
            await run();
            outcome = remark;
        }
        finally
        {
            await TestContext.Out.WriteLineAsync($"measured: dapr {role,-6} | {quirk,-88} | {outcome}");
        }
    }
}
