using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.Rpc.Tests;

/// <summary>How long the tests run that could run for ever: seconds, or minutes with CI_TEST_SOAK=true.</summary>
internal static class LongForm
{
    private static readonly IConfiguration Settings = new ConfigurationBuilder().AddEnvironmentVariables("CI_TEST_").Build();

    public static bool IsOn { get; } = Settings["SOAK"] == "true";

    /// <summary>For all targets together; CI_TEST_FUZZ_MINUTES changes the long one.</summary>
    public static TimeSpan Fuzzing { get; } =
        IsOn ? TimeSpan.FromMinutes(double.Parse(Settings["FUZZ_MINUTES"] ?? "10", CultureInfo.InvariantCulture)) : TimeSpan.FromSeconds(4);

    public static TimeSpan Soaking { get; } = IsOn ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(8);
}
