using System.Diagnostics;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Runs one claimed job while its lease is kept, and records how it ended.</summary>
internal sealed partial class RunJob(JobStore store, ServiceMetrics metrics, TimeProvider time, Random random, ILogger<RunJob> logger)
{
    private const int AttemptsToRecord = 5;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);
    private static readonly Backoff AfterFailure = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
    private static readonly ActivitySource Source = new(MetricNames.Meter);

    /// <summary>Throws nothing: a failure is the job's, and recorded with it.</summary>
    public async Task RunAsync(ClaimedJob job, TimeSpan lease, Func<LeasedJob, CancellationToken, Task<JobOutcome>> handle, CancellationToken stopping)
    {
        _ = ActivityContext.TryParse(job.TraceParent, null, isRemote: true, out var parent);
        using var activity = Source.StartActivity($"job {job.Kind}", ActivityKind.Consumer, parent);
        using var lost = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(stopping, lost.Token);
        var keeping = new KeepLease(store, time, logger).RunAsync(job, lease, lost, ended.Token);
        var started = time.GetTimestamp();
        Func<CancellationToken, Task<bool>> record;
        try
        {
            var outcome = await handle(job.ToLeased(), leave.Token);
            record = outcome.RetryAt is { } at ? token => store.PostponeAsync(job, at, token) : token => store.CompleteAsync(job, token);
            Count(outcome.RetryAt is null);
        }
        catch (LeaseLostException)
        {
            await lost.CancelAsync();
            record = _ => Task.FromResult(false);
        }
        catch (Exception) when (leave.IsCancellationRequested)
        {
            // Whatever the handler threw on its way out, the job goes on elsewhere from where it was.
            record = token => store.ReleaseAsync(job, token);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
            metrics.JobRetried(job.Kind);
            Log.Failed(logger, job.Kind, job.JobKey, job.Attempt, ExceptionOutline.Of(exception));
            record = token => store.FailAsync(job, time.GetUtcNow() + AfterFailure.After(job.Failures + 1, random), exception.GetType().Name, token);
        }

        metrics.JobEnded(job.Kind, time.GetElapsedTime(started));
        await RecordAsync(job, record, lost.Token);
        await ended.CancelAsync();
        await keeping;

        void Count(bool done)
        {
            if (done)
            {
                metrics.JobDone(job.Kind);
            }
        }
    }

    private async Task RecordAsync(ClaimedJob job, Func<CancellationToken, Task<bool>> record, CancellationToken lost)
    {
        for (var attempt = 1; attempt <= AttemptsToRecord; attempt++)
        {
            try
            {
                if (lost.IsCancellationRequested || !await record(CancellationToken.None))
                {
                    metrics.JobLeaseLost(job.Kind);
                    Log.LeaseLost(logger, job.Kind, job.JobKey);
                }

                return;
            }
            catch (Exception exception)
            {
                // Left unrecorded, the lease lapses and the job runs once more, which every handler must bear.
                Log.NotRecorded(logger, job.Kind, job.JobKey, ExceptionOutline.Of(exception));
                await Task.Delay(BetweenAttempts, time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Job {Kind} {Key} failed at attempt {Attempt} and is tried again: {Error}")]
        public static partial void Failed(ILogger logger, string kind, string key, long attempt, string error);

        [LoggerMessage(2, LogLevel.Warning, "The lease of {Kind} {Key} was lost; another replica goes on")]
        public static partial void LeaseLost(ILogger logger, string kind, string key);

        [LoggerMessage(3, LogLevel.Warning, "The end of {Kind} {Key} could not be recorded: {Error}")]
        public static partial void NotRecorded(ILogger logger, string kind, string key, string error);
    }
}
