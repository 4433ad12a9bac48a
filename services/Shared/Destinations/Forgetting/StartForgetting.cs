using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Hosting;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>Stores the job of the periodic round at the first start; afterwards it is there.</summary>
internal sealed class StartForgetting(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        transaction => jobs.EnqueueAsync(transaction, new Job(ForgetRegularly.JobKind, "all", ForgetRegularly.JobKind, Payload: "")),
        cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
