using System.Diagnostics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>A death of Exports that is the same whatever the destination.</summary>
internal static class KillExports
{
    /// <summary>
    /// Refreshes, and kills Exports when it has a run that nobody works on: the worker is dead, too, until then. Both are raised again.
    /// </summary>
    /// <returns>The refresh, and the timestamp of the blow.</returns>
    public static async Task<(SegmentRefresh Refresh, long Killed)> BetweenEventAndRunAsync(
        Stage stage, SegmentStory story, string worker, CancellationToken cancellationToken)
    {
        await stage.Topology.KillAsync(worker, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await Eventually.TrueAsync(
            async () => (await story.RunsAsync(cancellationToken)) is [{ State: RunState.Queued }], "a run is queued", cancellationToken: cancellationToken);

        await stage.Topology.KillAsync("exports", cancellationToken);
        var killed = Stopwatch.GetTimestamp();
        await stage.Topology.StartAgainAsync(worker, cancellationToken);
        await stage.Topology.StartAgainAsync("exports", cancellationToken);
        return (refresh, killed);
    }
}
