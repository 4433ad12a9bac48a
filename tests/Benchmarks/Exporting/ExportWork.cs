using System.Diagnostics;
using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Benchmarks.Sampling;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.Sandbox.Braze.Controlling;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>The steps of the main job, each measured from the call to its end.</summary>
internal sealed class ExportWork(Insights insights, BrazeControl control, Meter meter, string environment)
{
    // Asking takes processor time from what is measured: seldom while it goes on for long.
    private static readonly TimeSpan ShortPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongPoll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public Task<Phase> ImportAsync(string name, string file, CancellationToken cancellationToken) =>
        meter.MeasureAsync(name, async () => (await ImportGenerated.RunAsync(insights.Profiles, environment, file, cancellationToken), null));

    /// <summary>An export that runs when it is told, so that each step is measured by itself.</summary>
    public async Task<Export> CreateExportAsync(Connection connection, Segment segment, BrazeExport settings, CancellationToken cancellationToken) =>
        await insights.Exports.CreateExportAsync(
            new CreateExportRequest
            {
                Parent = environment,
                ExportId = "benchmark",
                Export = new Export { DisplayName = "Benchmark", Connection = connection.Name, Segments = { segment.Name }, Braze = settings, FollowRefreshes = false },
            },
            cancellationToken: cancellationToken);

    public Task<Phase> RefreshAsync(string name, Segment segment, CancellationToken cancellationToken) => meter.MeasureAsync(name, async () =>
    {
        var refresh = await insights.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = segment.Name }, cancellationToken: cancellationToken);
        refresh = await Follow.RefreshAsync(insights, refresh.Name, Patience, cancellationToken);
        return refresh.State == RefreshState.Successful ? (refresh.MemberCount, null) : throw new InvalidOperationException($"The refresh ended {refresh.State}: {refresh.Error}");
    });

    /// <summary>Delivers what changed; profiles are those that were sent.</summary>
    public async Task<Phase> DeliverAsync(string name, Export export, CancellationToken cancellationToken)
    {
        var before = await control.CountersAsync(cancellationToken);
        var phase = await meter.MeasureAsync(name, async () =>
        {
            var run = await insights.Exports.RunExportAsync(new RunExportRequest { Name = export.Name }, cancellationToken: cancellationToken);
            var began = Stopwatch.GetTimestamp();
            while (!Follow.HasEnded(run))
            {
                await Task.Delay(Stopwatch.GetElapsedTime(began) < LongAfter ? ShortPoll : LongPoll, cancellationToken);
                run = await insights.Exports.GetExportRunAsync(new GetExportRunRequest { Name = run.Name }, cancellationToken: cancellationToken);
            }

            return run.State == RunState.Successful && run.Counts.Rejected + run.Counts.Skipped == 0
                ? (run.Counts.Added + run.Counts.Updated, run.Counts.Requests)
                : throw new InvalidOperationException($"The run ended {run.State} {run.Reason}: {run.Counts}");
        });

        // What the run says of itself is not believed: the stand-in has counted, too.
        var after = await control.CountersAsync(cancellationToken);
        return after.Requests - before.Requests == phase.Requests && after.ObjectsAccepted - before.ObjectsAccepted == phase.Items
            ? phase
            : throw new InvalidOperationException(
                $"The run tells of {phase.Requests} requests with {phase.Items} profiles; the stand-in got {after.Requests - before.Requests} with {after.ObjectsAccepted - before.ObjectsAccepted}.");
    }
}
