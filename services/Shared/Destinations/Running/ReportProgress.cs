using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Delivering;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Running;

/// <summary>Tells Exports about every second how a run goes, and learns whether a person wants it stopped.</summary>
internal sealed partial class ReportProgress(ExportRunService.ExportRunServiceClient runs, TimeProvider time, ILogger<ReportProgress> logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Reports until the token fires. A report that fails is left out: the next one says more.</summary>
    public async Task RunAsync(RunWork work, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await ReportAsync(work, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is done or put down.
        }
    }

    /// <summary>Tells that a run waits for its allowance; whether a person wants it stopped.</summary>
    public async Task<bool> WaitsAsync(string run, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            // Counts never fall by a report, so these say nothing.
            var report = new ReportProgressRequest { Name = run, Counts = new RunCounts(), ThrottledUntil = until.ToTimestamp() };
            return (await runs.ReportProgressAsync(report, cancellationToken: cancellationToken)).CancelRequested;
        }
        catch (RpcException failed) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotReported(logger, run, failed.StatusCode);
            return false;
        }
    }

    private async Task ReportAsync(RunWork work, CancellationToken cancellationToken)
    {
        var report = work.Progress.Snapshot();
        report.ThrottledUntil = work.Throttle.HeldUntil?.ToTimestamp();
        try
        {
            var answer = await runs.ReportProgressAsync(report, cancellationToken: cancellationToken);
            if (answer.CancelRequested)
            {
                work.Halt.Request(RunEnd.Canceled);
            }
        }
        catch (RpcException failed) when (failed.StatusCode != StatusCode.Cancelled || !cancellationToken.IsCancellationRequested)
        {
            Log.NotReported(logger, work.Run, failed.StatusCode);
        }
        catch (RpcException cancelled) when (cancelled.StatusCode == StatusCode.Cancelled)
        {
            throw new OperationCanceledException("The run is done or put down.", cancelled, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Run}: progress could not be reported ({Status})")]
        public static partial void NotReported(ILogger logger, string run, StatusCode status);
    }
}
