using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Section "Process".</summary>
internal sealed class ProcessOptions
{
    private static readonly TimeSpan DefaultShutdownTimeout = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan MaxShutdownTimeout = TimeSpan.FromHours(1);

    /// <value>How long a stop may take. Keep it below the grace period of the platform. Default: 25 s.</value>
    public TimeSpan ShutdownTimeout { get; init; } = DefaultShutdownTimeout;

    public static ProcessOptions Of(IConfiguration configuration) => configuration["Process:ShutdownTimeout"] switch
    {
        null => new ProcessOptions(),
        var text when TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var timeout)
            && timeout > TimeSpan.Zero && timeout <= MaxShutdownTimeout => new ProcessOptions { ShutdownTimeout = timeout },
        _ => throw new StartRefusedException(["Process:ShutdownTimeout must be a time such as 00:00:25, at most an hour."]),
    };
}
