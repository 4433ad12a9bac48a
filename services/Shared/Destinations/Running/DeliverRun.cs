using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Jobs;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Does one run from taking over to reporting its end. Whatever stops it, the next claim goes on from what the ledger
/// knows; a run that has ended is only reported.
/// </summary>
internal sealed partial class DeliverRun(
    ExportRunService.ExportRunServiceClient runs, FencedDatabase database, PauseRun work, ReportRun report, RetryLater retry, ILogger<DeliverRun> logger) : IJobHandler
{
    public const string JobKind = "export-run";

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                return await BeginAsync(job.Job.Key, cancellationToken) is { } assignment
                    ? await DeliverAsync(job, assignment, cancellationToken)
                    : JobOutcome.Done;
            }
            catch (RpcException refused) when (refused.IsFinal() && !cancellationToken.IsCancellationRequested)
            {
                await GiveUpAsync(job.Job.Key, refused, cancellationToken);
                return JobOutcome.Done;
            }
        }
        catch (RpcException outage) when (!cancellationToken.IsCancellationRequested)
        {
            var outcome = retry.After(job.Attempt);
            Log.Postponed(logger, job.Job.Key, outage.StatusCode, outcome.RetryAt);
            return outcome;
        }
    }

    // Null when there is nothing to do any more.
    private async Task<RunAssignment?> BeginAsync(string run, CancellationToken cancellationToken)
    {
        try
        {
            return await runs.BeginRunAsync(new BeginRunRequest { Name = run }, cancellationToken: cancellationToken);
        }
        catch (RpcException over) when (over.StatusCode == StatusCode.NotFound || over.GetReason() == "RUN_ENDED")
        {
            Log.Over(logger, run);
            return null;
        }
    }

    // No repetition mends what was refused for good: without an end the export could never run again.
    private async Task GiveUpAsync(string run, RpcException refused, CancellationToken cancellationToken)
    {
        Log.Refused(logger, run, refused.StatusCode);
        try
        {
            await report.FailAsync(run, Reasons.ReportRefused, cancellationToken);
        }
        catch (RpcException also) when (also.IsFinal())
        {
            // Nobody wants to know how it ended. Exports asks again for a run that it still waits for.
            Log.Over(logger, run);
        }
    }

    private async Task<JobOutcome> DeliverAsync(LeasedJob job, RunAssignment assignment, CancellationToken cancellationToken)
    {
        var record = await database.WriteAsync(job, transaction => RunStore.OpenAsync(transaction, assignment.Run), cancellationToken);
        var end = record.End;
        if (end is null)
        {
            Log.Begun(logger, assignment.Run, job.Attempt);
            var worked = await work.RunAsync(job, record, assignment, cancellationToken);
            if (worked.End is null)
            {
                Log.PutDown(logger, assignment.Run, worked.ResumeAt);
                return JobOutcome.Retry(worked.ResumeAt);
            }

            end = worked.End;
            await database.WriteAsync(job, transaction => RunStore.EndAsync(transaction, record.RunId, end), cancellationToken);
        }

        var counts = await report.RunAsync(record.RunId, end, assignment, cancellationToken);
        Log.Ended(logger, assignment.Run, end.State, end.Reason, counts.Read, counts.Requests);
        return JobOutcome.Done;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run} taken over, attempt {Attempt}")]
        public static partial void Begun(ILogger logger, string run, int attempt);

        [LoggerMessage(2, LogLevel.Information, "{Run} is over; nothing to do")]
        public static partial void Over(ILogger logger, string run);

        [LoggerMessage(3, LogLevel.Warning, "{Run} cannot go on now ({Status}); again at {At:O}")]
        public static partial void Postponed(ILogger logger, string run, StatusCode status, DateTimeOffset? at);

        [LoggerMessage(4, LogLevel.Information, "{Run} ended {State} {Reason}: {Read} members read, {Requests} requests")]
        public static partial void Ended(ILogger logger, string run, RunState state, string reason, long read, long requests);

        [LoggerMessage(6, LogLevel.Debug, "{Run} is put down: nothing may be sent now; looked at again at {At:O}")]
        public static partial void PutDown(ILogger logger, string run, DateTimeOffset at);

        [LoggerMessage(5, LogLevel.Error, "{Run}: taking over or reporting was refused for good ({Status}); the run is ended as failed")]
        public static partial void Refused(ILogger logger, string run, StatusCode status);
    }
}
