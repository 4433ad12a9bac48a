using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>
/// The periodic round, a job that never ends: forgets runs that are over and customers who were taken out long ago, and asks
/// for exports that are gone without this worker having heard of it.
/// </summary>
internal sealed partial class ForgetRegularly(
    Database database, FindForgottenExports find, IOptions<ForgettingOptions> options, TimeProvider time, ILogger<ForgetRegularly> logger) : IJobHandler
{
    public const string JobKind = "forget";

    private const int RunsAtOnce = 200;

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        await ForgetRunsAsync(cancellationToken);
        foreach (var audienceId in await database.ReadAsync(ForgetStore.ListAudiencesAsync, cancellationToken))
        {
            await ForgetRemovedAsync(audienceId, cancellationToken);
        }

        try
        {
            await find.RunAsync(cancellationToken);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.PutOff(logger, exception.StatusCode);
        }

        return JobOutcome.Retry(time.GetUtcNow() + options.Value.Every);
    }

    private async Task ForgetRunsAsync(CancellationToken cancellationToken)
    {
        int forgotten;
        do
        {
            forgotten = await database.WriteAsync(transaction => ForgetStore.DeleteEndedRunsAsync(transaction, RunsAtOnce), cancellationToken);
        }
        while (forgotten == RunsAtOnce);
    }

    // An audience that a run works on has its turn in a later round.
    private async Task ForgetRemovedAsync(long audienceId, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Value.KeepRemoved;
        for (var after = ""; after is not null;)
        {
            after = await database.WriteAsync(
                async transaction => await ForgetStore.LockIdleAsync(transaction, audienceId)
                    ? await ForgetStore.DeleteRemovedAsync(transaction, audienceId, after, before)
                    : null,
                cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Exports did not answer ({Status}); exports that are gone are asked for in the next round")]
        public static partial void PutOff(ILogger logger, StatusCode status);
    }
}
