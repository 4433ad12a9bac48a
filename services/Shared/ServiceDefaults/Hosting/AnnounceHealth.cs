using CustomerInsights.Rpc.HealthChecking;
using Microsoft.Extensions.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Tells grpc.health.v1 how the process and each of its gRPC services are, every few seconds.</summary>
internal sealed class AnnounceHealth(Readiness readiness, ProcessState state, ServingStatuses statuses, TimeProvider time) : BackgroundService
{
    /// <summary>The name that stands for the process as a whole.</summary>
    private const string Whole = "";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var failures = await readiness.FindFailuresAsync(cancellationToken);
        foreach (var (grpcService, appId) in readiness.GrpcServices)
        {
            statuses.Set(grpcService, StatusOf(failures.All(failure => failure.AppId != appId)));
        }

        statuses.Set(Whole, StatusOf(failures.Count == 0));
        if (!state.IsServing)
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

    private static ServingStatus StatusOf(bool serving) => serving ? ServingStatus.Serving : ServingStatus.NotServing;
}
