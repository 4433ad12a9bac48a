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

    public static void Add(ServiceBuilder builder)
    {
        if (builder.Configuration[EndpointKey] is not { Length: > 0 } text)
        {
            return;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint))
        {
            throw new StartRefusedException([$"{EndpointKey} must be the address of an OTLP/gRPC collector, such as http://127.0.0.1:4317."]);
        }

        var resource = ResourceBuilder.CreateDefault().AddService(builder.AppId, "customerinsights");
        builder.Services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource).AddSource(Sources).AddProcessor(new WithoutExceptionEvents()).AddOtlpExporter(otlp => otlp.Endpoint = endpoint).Build());
        builder.Services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter(otlp => otlp.Endpoint = endpoint).Build());
        builder.Services.AddHostedService<Start>();
        builder.Services.AddLogging(logging => logging.AddOpenTelemetry(log =>
        {
            log.IncludeFormattedMessage = true;
            log.SetResourceBuilder(resource).AddProcessor(new WithoutExceptionMessages()).AddOtlpExporter(otlp => otlp.Endpoint = endpoint);
        }));
    }

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
