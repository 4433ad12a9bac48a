using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Looks at every connection once in a while (Connections:RecheckInterval), but for those whose credential is known to be
/// refused: a key that was taken back is told of before the next run needs it, and a grant that nobody uses does not lapse
/// meanwhile (MSA-3). A job that never ends, so that one replica does it.
/// </summary>
internal sealed partial class RunRechecks(
    Database database, RecheckConnection recheck, RecordRecheck record, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<RunRechecks> logger) : IJobHandler
{
    public const string JobKind = "recheck-connections";

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        while (await database.ReadAsync(session => ConnectionStore.FindDueRecheckAsync(session, time.GetUtcNow(), options.Value.RecheckInterval), cancellationToken) is { } due)
        {
            await database.WriteAsync(transaction => record.PutOffAsync(transaction, job, due), cancellationToken);
            try
            {
                if (await database.ReadAsync(session => ConnectionStore.FindAsync(session, due), cancellationToken) is { } connection)
                {
                    var found = await recheck.RunAsync(connection, cancellationToken);
                    await database.WriteAsync(transaction => record.RunAsync(transaction, job, found), cancellationToken);
                }
            }
            catch (RpcException) when (!cancellationToken.IsCancellationRequested)
            {
                // Whoever tells roles is away: it would tell nothing of the others either.
                break;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not LeaseLostException && !DatabaseOutage.Is(exception))
            {
                Log.Failed(logger, due.ToString(), ExceptionOutline.Of(exception));
            }
        }

        return JobOutcome.Retry(time.GetUtcNow() + Every);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Connection} could not be rechecked: {Error}")]
        public static partial void Failed(ILogger logger, string connection, string error);
    }
}

/// <summary>Stores the job at the first start; afterwards it is there.</summary>
internal sealed class StartRechecks(Database database, JobQueue jobs) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => database.WriteAsync(
        transaction => jobs.EnqueueAsync(transaction, new Job(RunRechecks.JobKind, "all", "recheck", Payload: "")), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
