using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Exports.Running;

/// <summary>Orders the opening of a run, outside of the transaction that found it due, because other services are asked first.</summary>
internal sealed class OpenRunJob(JobQueue jobs, IdGenerator ids)
{
    public const string Kind = "open-run";

    /// <summary>Each order is a job of its own: one that finds nothing due does nothing, and none can be lost in the shadow of another.</summary>
    public Task EnqueueAsync(Transaction transaction, Export export) =>
        jobs.EnqueueAsync(transaction, new Job(Kind, ids.Next(), export.Uid, export.Uid));
}

/// <summary>Takes the orders.</summary>
internal sealed class OpenDueRuns(OpenDueRun open, TimeProvider time) : IJobHandler
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    public string Kind => OpenRunJob.Kind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        try
        {
            return await open.RunAsync(job.Job.Payload, cancellationToken) ? JobOutcome.Done : JobOutcome.Retry(time.GetUtcNow());
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            return JobOutcome.Retry(time.GetUtcNow() + Pause(job.Attempt));
        }
    }

    private static TimeSpan Pause(int attempt)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(attempt, 10) - 1);
        return pause < LongestPause ? pause : LongestPause;
    }
}
