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
    ExportRunService.ExportRunServiceClient runs, FencedDatabase database, WorkRun work, ReportRun report, RetryLater retry, ILogger<DeliverRun> logger) : IJobHandler
{
    public const string JobKind = "export-run";

    public string Kind => JobKind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        try
        {
            if (await BeginAsync(job.Job.Key, cancellationToken) is { } assignment)
            {
                await DeliverAsync(job, assignment, cancellationToken);
            }

            return JobOutcome.Done;
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

    private async Task DeliverAsync(LeasedJob job, RunAssignment assignment, CancellationToken cancellationToken)
    {
        var record = await database.WriteAsync(job, transaction => RunStore.OpenAsync(transaction, assignment.Run), cancellationToken);
        var end = record.End;
        if (end is null)
        {
            Log.Begun(logger, assignment.Run, job.Attempt);
            end = await work.RunAsync(job, record.RunId, assignment, cancellationToken);
            await database.WriteAsync(job, transaction => RunStore.EndAsync(transaction, record.RunId, end), cancellationToken);
        }

        var counts = await report.RunAsync(record.RunId, end, assignment, cancellationToken);
        Log.Ended(logger, assignment.Run, end.State, end.Reason, counts.Read, counts.Requests);
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
    }
}
