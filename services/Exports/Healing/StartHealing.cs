using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Healing;

/// <summary>Stores the healing job at the first start; afterwards it is there.</summary>
internal sealed class StartHealing(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        transaction => jobs.EnqueueAsync(transaction, new Job(HealExports.JobKind, "all", "heal", Payload: "")),
        cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
