using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>Removes expired sign-ins; a job that never ends, so that one replica does it.</summary>
internal sealed class ForgetSignIns(Database database, TimeProvider time) : IJobHandler
{
    public const string JobKind = "forget-sign-ins";

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        await database.WriteAsync(transaction => SignInStore.RemoveExpiredAsync(transaction, time.GetUtcNow()), cancellationToken);
        return JobOutcome.Retry(time.GetUtcNow() + Every);
    }
}

/// <summary>Stores the job at the first start; afterwards it is there.</summary>
internal sealed class StartForgettingSignIns(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        transaction => jobs.EnqueueAsync(transaction, new Job(ForgetSignIns.JobKind, "all", "forget", Payload: "")), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
