using System.Data.Common;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Works off one queued refresh. A failure leaves the published membership as it is and says why (SEG-28).</summary>
internal sealed partial class RefreshSegment(
    Database database, EvaluateSegment evaluate, JobLease lease, RunningRefreshes running, TimeProvider time, ILogger<RefreshSegment> logger) : IJobHandler
{
    public string Kind => RefreshJob.Kind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        var name = RefreshJob.NameOf(job.Job);
        if (!await BeginAsync(name, cancellationToken))
        {
            return JobOutcome.Done;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var entry = running.Enter(name, stop);
        await using var watch = CancellationWatch.Begin(database, name, stop, time);
        try
        {
            await EvaluateAsync(job, name, stop.Token);
        }
        catch (RefreshEndedException)
        {
            Log.Dropped(logger, name);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await EndAsync(job, name, RefreshState.Canceled, "", cancellationToken);
        }
        catch (DbException refused) when (!DatabaseOutage.Is(refused))
        {
            var code = refused.SqlState ?? $"SQLite {refused.ErrorCode}";
            Log.Refused(logger, name, code);
            await EndAsync(job, name, RefreshState.Failed, $"The database refused to evaluate the rule ({code}).", cancellationToken);
        }

        return JobOutcome.Done;
    }

    private Task<bool> BeginAsync(RefreshName name, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction =>
        {
            await RefreshStore.StartAsync(transaction, name, time.GetUtcNow());
            return await RefreshStore.FindAsync(transaction, name) is { State: RefreshState.Processing };
        },
        cancellationToken);

    private async Task EvaluateAsync(LeasedJob job, RefreshName name, CancellationToken cancellationToken)
    {
        var counts = await database.WriteAsync(
            async transaction =>
            {
                var evaluated = await evaluate.RunAsync(transaction, name);
                await lease.AssertHeldAsync(transaction, job);
                return evaluated;
            },
            cancellationToken);
        if (counts.Refusal is { } refusal)
        {
            Log.Failed(logger, name, refusal.Reason ?? refusal.Kind.ToString());
            await EndAsync(job, name, RefreshState.Failed, refusal.Message, cancellationToken);
            return;
        }

        Log.Published(logger, name, counts.Value.Version, counts.Value.Members);
    }

    private Task EndAsync(LeasedJob job, RefreshName name, RefreshState state, string error, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction =>
        {
            if (await RefreshStore.EndAsync(transaction, name, state, RefreshCounts.None, time.GetUtcNow(), error) && state is RefreshState.Failed)
            {
                await SegmentStore.SetErrorAsync(transaction, name.SegmentName, error);
            }

            await lease.AssertHeldAsync(transaction, job);
        },
        cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Refresh} published version {Version} with {Members} members")]
        public static partial void Published(ILogger logger, RefreshName refresh, long version, long members);

        [LoggerMessage(2, LogLevel.Warning, "{Refresh} failed: {Reason}")]
        public static partial void Failed(ILogger logger, RefreshName refresh, string reason);

        [LoggerMessage(3, LogLevel.Error, "{Refresh} failed: the database refused a statement, {Code}")]
        public static partial void Refused(ILogger logger, RefreshName refresh, string code);

        [LoggerMessage(4, LogLevel.Information, "{Refresh} was canceled, or its segment deleted, while it was at work")]
        public static partial void Dropped(ILogger logger, RefreshName refresh);
    }
}
