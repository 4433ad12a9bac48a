using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>What a loop does.</summary>
/// <param name="Kind">Which jobs it takes.</param>
/// <param name="Concurrency">How many at the same time.</param>
/// <param name="HandleAsync">The handler.</param>
internal sealed record JobLoopPlan(string Kind, int Concurrency, Func<LeasedJob, CancellationToken, Task<JobOutcome>> HandleAsync);

/// <summary>
/// Claims jobs of one kind and runs them: woken when one is stored in this process, and by a poll for those of other
/// replicas and lapsed leases. When the service stops, running jobs are told and given back.
/// </summary>
internal sealed partial class JobLoop(JobLoopPlan plan, JobStore store, RunJob run, JobSignals signals, JobLoopSurroundings around) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Task> _running = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var idle = await ClaimAllAsync(stoppingToken);
                await signals.Of(plan.Kind).WaitAsync(idle, around.Time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                // The loop outlives any outage of the database.
                Log.Failed(around.Logger, plan.Kind, ExceptionOutline.Of(exception));
                await Task.Delay(AfterFailure, around.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(_running.Values);
    }

    /// <summary>Claims as many jobs as there are free places; tells how long there will be none.</summary>
    private async Task<TimeSpan> ClaimAllAsync(CancellationToken stopping)
    {
        while (_running.Count < plan.Concurrency)
        {
            if (await store.ClaimAsync(plan.Kind, [.. _running.Keys], around.Options.Lease, stopping) is not { } job)
            {
                // Due and yet not claimed: its group is busy. The end of that one wakes us, or the poll.
                return await store.NextDueAsync(plan.Kind, stopping) is { } due && due > TimeSpan.Zero && due < around.Options.Poll ? due : around.Options.Poll;
            }

            around.Metrics.JobClaimed(job.Kind);
            var started = new TaskCompletionSource();
            _running[job.JobKey] = started.Task;
            _ = RunAsync(job, started, stopping);
        }

        return around.Options.Poll;
    }

    private async Task RunAsync(ClaimedJob job, TaskCompletionSource ended, CancellationToken stopping)
    {
        await Task.Yield();
        await run.RunAsync(job, around.Options.Lease, plan.HandleAsync, stopping);
        _running.TryRemove(job.JobKey, out _);
        ended.SetResult();
        signals.SetAll();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Jobs of kind {Kind} cannot be claimed; trying again: {Error}")]
        public static partial void Failed(ILogger logger, string kind, string error);
    }
}

/// <summary>What all loops of a service share.</summary>
internal sealed record JobLoopSurroundings(JobOptions Options, TimeProvider Time, ServiceMetrics Metrics, ILogger<JobLoop> Logger);
