using CustomerInsights.ServiceDefaults.HealthChecking;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Tells grpc.health.v1 how the process and each of its gRPC services are, every few seconds, and the log when that changes.</summary>
internal sealed partial class AnnounceHealth(
    Readiness readiness, ProcessState state, ServingStatuses statuses, TimeProvider time, ILogger<AnnounceHealth> logger) : BackgroundService
{
    /// <summary>The name that stands for the process as a whole.</summary>
    private const string Whole = "";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private string _missing = "";

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var failures = await readiness.FindFailuresAsync(cancellationToken);
        foreach (var (grpcService, appId) in readiness.GrpcServices)
        {
            statuses.Set(grpcService, StatusOf(failures.All(failure => failure.AppId != appId)));
        }

        statuses.Set(Whole, StatusOf(failures.Count == 0));
        if (state.IsServing)
        {
            Tell(string.Join(", ", failures));
        }
        else
        {
            statuses.SetAll(ServingStatus.NotServing);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await RefreshAsync(stoppingToken);
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Once for each change: an outage is polled a thousand times an hour.
    private void Tell(string missing)
    {
        if (Interlocked.Exchange(ref _missing, missing) == missing)
        {
            return;
        }

        if (missing.Length > 0)
        {
            Log.NotReady(logger, missing);
        }
        else
        {
            Log.Ready(logger);
        }
    }

    private static ServingStatus StatusOf(bool serving) => serving ? ServingStatus.Serving : ServingStatus.NotServing;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Not ready: {Missing}")]
        public static partial void NotReady(ILogger logger, string missing);

        [LoggerMessage(2, LogLevel.Information, "Ready again")]
        public static partial void Ready(ILogger logger);
    }
}
