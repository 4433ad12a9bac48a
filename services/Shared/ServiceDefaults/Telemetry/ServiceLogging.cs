using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>Logs of a service: to the console, one line each. Section "Logging" sets levels as usual.</summary>
internal static class ServiceLogging
{
    public static void Add(ServiceBuilder builder) => builder.Services.AddLogging(logging =>
    {
        // The frameworks below report each request and message; ours reports what happened.
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // It repeats an outage at every poll; AnnounceHealth says it once.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        logging.AddFilter("System", LogLevel.Warning);
        logging.AddFilter("MassTransit", LogLevel.Warning);
        logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        logging.AddConsole(console => console.FormatterName = SingleLineFormatter.FormatterName);
        logging.AddConsoleFormatter<SingleLineFormatter, SingleLineOptions>(line => line.AppId = builder.AppId);
    });
}
