using System.Diagnostics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>What a sidecar does to its app: reports success for what the broker refused, and dies.</summary>
[TestFixture]
public sealed class SidecarTests
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() =>
        _stage = await Stage.SetAsync(Shape.Sidecars, null, new Dictionary<string, string>(), TestContext.CurrentContext.CancellationToken);

    [OneTimeTearDown]
    public async Task TearDown() => await (_stage?.DisposeAsync() ?? ValueTask.CompletedTask);

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task Events_that_a_sidecar_loses_and_reports_as_published_are_caught_up_with(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Mixed(2_000), cancellationToken);
        _stage.Sidecars.Faults.SwallowsPublishes = true;
        try
        {
            // Both are lost: that the segment has changed, and that there is a run to do.
            var refresh = await story.RefreshAsync(cancellationToken);
            var refreshed = Stopwatch.GetTimestamp();
            await Eventually.TrueAsync(
                async () => (await story.RunsAsync(cancellationToken)) is [{ State: RunState.Queued, Trigger: RunTrigger.CatchUp }], "Exports has found out by itself", TimeSpan.FromSeconds(30), cancellationToken);
            _stage.Sidecars.Faults.SwallowsPublishes = false;
            await story.DeliveredAsync(refresh, cancellationToken);

            Measured.Recovery("both events lost and reported as published", refreshed, 0);
            await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
        }
        finally
        {
            _stage.Sidecars.Faults.SwallowsPublishes = false;
        }
    }

    [TestCase("segments")]
    [TestCase("exports")]
    [TestCase("worker-braze")]
    [CancelAfter(180_000)]
    public async Task A_sidecar_dies_and_comes_back(string appId, CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Mixed(2_000), cancellationToken);
        var asked = await story.AskForRefreshAsync(cancellationToken);

        var killed = Stopwatch.GetTimestamp();
        await _stage.Sidecars.RestartAsync(appId, cancellationToken);
        var refresh = await story.RefreshedAsync(asked.Name, cancellationToken);
        await story.DeliveredAsync(refresh, cancellationToken);

        Measured.Recovery($"sidecar of {appId} killed", killed, 0);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
    }
}
