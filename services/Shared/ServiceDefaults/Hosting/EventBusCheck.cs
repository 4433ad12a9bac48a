using CustomerInsights.ServiceDefaults.Events;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// Ready while events can leave and arrive. A check that is under way while the process stops must not report a failure:
/// the process says for itself that it takes no calls any more.
/// </summary>
internal sealed class EventBusCheck(EventBus bus) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(bus.IsReady || bus.IsStopping ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}
