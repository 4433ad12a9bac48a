using CustomerInsights.ServiceDefaults.Events;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Ready while events can leave and arrive.</summary>
internal sealed class EventBusCheck(EventBus bus) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(bus.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}
