using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Ready while the database answers a query. The health service turns an exception into "unhealthy".</summary>
internal sealed class DatabaseCheck(Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await database.ReadAsync(session => session.QuerySingleAsync<long>("SELECT COUNT(*) FROM migrations"), cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
