using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Rechecks every active connection once in a while (Connections:RecheckInterval): a key that was taken back is told of before
/// the next run needs it, and a grant that nobody uses does not lapse meanwhile (MSA-3). A job that never ends, so that one
/// replica does it.
/// </summary>
internal sealed class RecheckConnections(Database database, RecheckConnection recheck, IOptions<ConnectionsOptions> options, TimeProvider time) : IJobHandler
{
    public const string JobKind = "recheck-connections";

    /// <summary>How long a connection waits whose recheck told nothing, or nothing good.</summary>
    public static readonly TimeSpan SoonAgain = TimeSpan.FromMinutes(10);

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        var interval = options.Value.RecheckInterval;
        while (await database.ReadAsync(session => ConnectionStore.FindDueRecheckAsync(session, time.GetUtcNow() - interval), cancellationToken) is { } due)
        {
            // First of all: one that fails each time must not keep the others from their turns.
            await SaveAsync(due.Connection.Name, new Recheck(false, due.Doubt), cancellationToken);
            await SaveAsync(due.Connection.Name, await recheck.RunAsync(due, cancellationToken), cancellationToken);
        }

        return JobOutcome.Retry(time.GetUtcNow() + SoonAgain);
    }

    private Task<int> SaveAsync(ConnectionName name, Recheck found, CancellationToken cancellationToken)
    {
        var at = found.IsSettled ? time.GetUtcNow() : time.GetUtcNow() - options.Value.RecheckInterval + SoonAgain;
        return database.WriteAsync(transaction => ConnectionStore.SaveRecheckAsync(transaction, name, at, found.Doubt), cancellationToken);
    }
}

/// <summary>Stores the job at the first start; afterwards it is there.</summary>
internal sealed class StartRechecks(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        transaction => jobs.EnqueueAsync(transaction, new Job(RecheckConnections.JobKind, "all", "recheck", Payload: "")), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
