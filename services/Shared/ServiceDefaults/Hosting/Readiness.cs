using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Something that keeps a service from its work.</summary>
/// <param name="AppId">The service.</param>
/// <param name="Check">Such as "database".</param>
internal sealed record ReadinessFailure(string AppId, string Check)
{
    public override string ToString() => $"{AppId}/{Check}";
}

/// <summary>Whether the services of the process can do their work: the database answers, the transport is connected.</summary>
internal sealed class Readiness(IReadOnlyList<ServiceInstance> services, ProcessState state)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Each gRPC service of the process with the app id of its owner.</summary>
    public IEnumerable<(string GrpcService, string AppId)> GrpcServices =>
        services.SelectMany(service => service.GrpcServices, (service, grpc) => (grpc.FullName, service.AppId));

    /// <summary>What is not ready; empty when all is.</summary>
    public async Task<IReadOnlyList<ReadinessFailure>> FindFailuresAsync(CancellationToken cancellationToken)
    {
        if (!state.IsServing)
        {
            return [.. services.Select(service => new ReadinessFailure(service.AppId, "process"))];
        }

        var failures = await Task.WhenAll(services.Select(service => FindFailuresAsync(service, cancellationToken)));
        return [.. failures.SelectMany(failure => failure)];
    }

    private static async Task<IEnumerable<ReadinessFailure>> FindFailuresAsync(ServiceInstance service, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var report = await service.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(patience.Token);
            return report.Entries.Where(entry => entry.Value.Status == HealthStatus.Unhealthy).Select(entry => new ReadinessFailure(service.AppId, entry.Key));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [new ReadinessFailure(service.AppId, "timeout")];
        }
    }
}
