using CustomerInsights.ServiceDefaults.HealthChecking;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Reflecting;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Telemetry;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Answers for the process as a whole: health, reflection, development tokens, and calls that nobody owns. Open to everybody who reaches the port.</summary>
internal static class Desk
{
    public const string AppId = "process";

    /// <summary>What a process of several services is called in telemetry.</summary>
    private const string Standalone = "standalone";

    public static ServiceBuilder Compose(ServiceBuilder builder, IReadOnlyList<ServiceInstance> services, ProcessState state, ListenAddresses listen)
    {
        builder.AddEssentials();
        OpenTelemetryExport.AddTracesAndMetrics(builder, services.Count == 1 ? services[0].AppId : Standalone);
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(state);
        builder.Services.AddSingleton(new Readiness(services, state));
        AddHealth(builder);
        AddReflection(builder, services);
        AddSidecar(builder);
        DevelopmentTokens.Add(builder, listen);
        return builder;
    }

    private static void AddHealth(ServiceBuilder builder)
    {
        builder.Services.AddSingleton<ServingStatuses>();
        builder.Services.AddSingleton<AnnounceHealth>();
        builder.Services.AddHostedService(container => container.GetRequiredService<AnnounceHealth>());
        builder.MapOpen(endpoints =>
        {
            endpoints.MapGrpcService<HealthService>();
            endpoints.MapGet("/healthz/live", () => "live\n");
            endpoints.MapGet("/healthz/ready", ReadyAsync);
        });
    }

    private static void AddReflection(ServiceBuilder builder, IReadOnlyList<ServiceInstance> services)
    {
        var reflected = services.SelectMany(service => service.GrpcServices).Append(Health.Descriptor);
        builder.Services.AddSingleton(new ReflectedServices(reflected));
        builder.MapOpen(endpoints =>
        {
            endpoints.MapGrpcService<ReflectionService>();
            endpoints.MapGrpcService<ReflectionV1AlphaService>();
        });
    }

    // They answer even while events travel another way: a sidecar that is there is told that there is nothing to deliver.
    private static void AddSidecar(ServiceBuilder builder) => builder.MapOpen(endpoints =>
    {
        endpoints.MapGrpcService<AppCallbackService>();
        endpoints.MapGrpcService<AppHealthService>();
    });

    private static async Task<IResult> ReadyAsync(Readiness readiness, CancellationToken cancellationToken)
    {
        var failures = await readiness.FindFailuresAsync(cancellationToken);
        return failures.Count == 0
            ? Results.Text("ready\n")
            : Results.Text($"not ready: {string.Join(", ", failures)}\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
