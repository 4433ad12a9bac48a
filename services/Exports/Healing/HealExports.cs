using CustomerInsights.ServiceDefaults.Jobs;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Healing;

/// <summary>The periodic round, a job that never ends: its lease keeps other replicas from making the same round.</summary>
internal sealed partial class HealExports(
    CatchUpExports catchUp,
    AskAgain askAgain,
    ForgetRuns forget,
    IOptions<ExportsOptions> options,
    TimeProvider time,
    ILogger<HealExports> logger) : IJobHandler
{
    public const string JobKind = "heal";

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        try
        {
            await askAgain.RunAsync(cancellationToken);
            await forget.RunAsync(cancellationToken);
            await catchUp.RunAsync(cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            Log.PutOff(logger, exception.StatusCode);
        }

        return JobOutcome.Retry(time.GetUtcNow() + options.Value.HealEvery);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Another service is out of reach ({Status}); the comparison of versions waits for the next round")]
        public static partial void PutOff(ILogger logger, StatusCode status);
    }
}
