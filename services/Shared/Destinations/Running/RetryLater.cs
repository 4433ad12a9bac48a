using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Jobs;

namespace CustomerInsights.Destinations.Running;

/// <summary>When a run that met an outage inside the system is taken up again: ever more slowly, and never given up.</summary>
internal sealed class RetryLater(TimeProvider time, Chance chance)
{
    public JobOutcome After(int attempt) => JobOutcome.Retry(time.GetUtcNow() + DeliveryPolicy.BackOff(attempt, chance.Next()));
}
