using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Forgetting;

/// <summary>Stores the periodic job at the first start; afterwards it is there.</summary>
internal sealed class StartForgetting(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => jobs.EnqueueAsync(transaction, ForgetFeed.Job), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
