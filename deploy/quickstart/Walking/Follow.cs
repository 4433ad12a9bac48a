using System.Diagnostics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using Grpc.Core;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>Follows work that goes on by itself until it has ended, also over a restart of whoever does it.</summary>
internal static class Follow
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task<SegmentRefresh> RefreshAsync(Insights insights, string name, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var refresh = await OrNullAsync(insights.Segments.GetSegmentRefreshAsync(new GetSegmentRefreshRequest { Name = name }, cancellationToken: cancellationToken).ResponseAsync);
            if (refresh?.State is RefreshState.Successful or RefreshState.Failed or RefreshState.Canceled)
            {
                return refresh;
            }

            await PauseAsync(began, timeout, $"the refresh {name} is {refresh?.State.ToString() ?? "out of reach"}", cancellationToken);
        }
    }

    /// <summary>The run that has delivered at least this version of the segment, once it has ended; a failed run ends the wait, too.</summary>
    /// <param name="progress">Told each state of the newest run.</param>
    public static async Task<ExportRun> RunAsync(
        Insights insights, string export, SegmentRefresh refresh, Action<ExportRun> progress, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var segment = refresh.Name[..refresh.Name.IndexOf("/refreshes/", StringComparison.Ordinal)];
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var runs = await OrNullAsync(insights.Exports.ListExportRunsAsync(new ListExportRunsRequest { Parent = export, PageSize = 1 }, cancellationToken: cancellationToken).ResponseAsync);
            var newest = runs?.Runs.FirstOrDefault();
            if (newest is not null)
            {
                progress(newest);
                if (HasEnded(newest) && (newest.State != RunState.Successful || newest.SegmentCounts.Any(c => c.Segment == segment && c.Version >= refresh.Version)))
                {
                    return newest;
                }
            }

            await PauseAsync(began, timeout, $"the newest run of {export} is {newest?.State.ToString() ?? "not there"}", cancellationToken);
        }
    }

    public static bool HasEnded(ExportRun run) => run.State is RunState.Successful or RunState.Failed or RunState.Skipped or RunState.Canceled;

    // While a process or its database restarts, it is out of reach.
    private static async Task<T?> OrNullAsync<T>(Task<T> answer)
        where T : class
    {
        try
        {
            return await answer;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return null;
        }
    }

    private static async Task PauseAsync(long began, TimeSpan timeout, string state, CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(began) > timeout)
        {
            throw new TimeoutException($"After {timeout.TotalSeconds:0} s {state}.");
        }

        await Task.Delay(Pause, cancellationToken);
    }
}
