namespace CustomerInsights.Rpc.Tests;

internal static class Measured
{
    /// <summary>A number for the reader of the test run; test.sh prints it.</summary>
    public static void Say(string what) => TestContext.Out.WriteLine($"measured: {what}");
}
