using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CustomerInsights.ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs over OTLP/gRPC to Telemetry:OtlpEndpoint; nothing when it is not set. The sources are those
/// built into the libraries; no instrumentation packages.
/// </summary>
internal static class OpenTelemetryExport
{
    private const string EndpointKey = "Telemetry:OtlpEndpoint";

    // "CustomerInsights.*" is every source and meter of this system.
    private static readonly string[] Sources = ["CustomerInsights.*", "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit"];
    private static readonly string[] Meters =
    [
        "CustomerInsights.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "MassTransit",
    ];

    /// <summary>Logs of a service, under its name: each service of a process has loggers of its own.</summary>
    public static void AddLogs(ServiceBuilder builder)
    {
        if (EndpointOf(builder) is not { } endpoint)
        {
            return;
        }

        builder.Services.AddLogging(logging => logging.AddOpenTelemetry(log =>
        {
            log.IncludeFormattedMessage = true;
            log.SetResourceBuilder(Resource(builder.AppId)).AddProcessor(new WithoutExceptionMessages()).AddOtlpExporter(otlp => otlp.Endpoint = endpoint);
        }));
    }

    /// <summary>Traces and metrics of a process: their sources belong to all of it, so a listener in each service would send everything several times.</summary>
    /// <param name="process">The service, or what a process of several is called.</param>
    public static void AddTracesAndMetrics(ServiceBuilder builder, string process)
    {
        if (EndpointOf(builder) is not { } endpoint)
        {
            return;
        }

        builder.Services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(Resource(process)).AddSource(Sources).AddProcessor(new WithoutExceptionEvents()).AddOtlpExporter(otlp => otlp.Endpoint = endpoint).Build());
        builder.Services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(Resource(process)).AddMeter(Meters).AddOtlpExporter(otlp => otlp.Endpoint = endpoint).Build());
        builder.Services.AddHostedService<Start>();
    }

    private static ResourceBuilder Resource(string name) => ResourceBuilder.CreateDefault().AddService(name, "customerinsights");

    private static Uri? EndpointOf(ServiceBuilder builder) => builder.Configuration[EndpointKey] is not { Length: > 0 } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var endpoint) ? endpoint
        : throw new StartRefusedException([$"{EndpointKey} must be the address of an OTLP/gRPC collector, such as http://127.0.0.1:4317."]);

    /// <summary>Makes the providers; the container disposes, and so flushes, them at the end.</summary>
    private sealed class Start(TracerProvider traces, MeterProvider metrics) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            traces.ForceFlush();
            metrics.ForceFlush();
            return Task.CompletedTask;
        }
    }
}
