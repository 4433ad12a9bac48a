using System.Diagnostics;
using CustomerInsights.EndToEnd.Delivering;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>The database is lost and comes back from a back-up that is older than what Braze knows.</summary>
[TestFixture]
public sealed class RestoreTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("insights-dump-").FullName;
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() =>
        _stage = await Stage.SetAsync(Shape.Processes, null, new Dictionary<string, string>(), TestContext.CurrentContext.CancellationToken);

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await (_stage?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(_folder, recursive: true);
    }

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(240_000)]
    public async Task After_a_restore_the_next_run_sends_only_what_is_due(CancellationToken cancellationToken)
    {
        var dump = Path.Combine(_folder, "insights.dump");
        using var story = await Story.BeginAsync(_stage, SegmentStory.Mixed(ManyChanges.Customers), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await _stage.Place.DumpAsync(dump, cancellationToken);

        // What comes after the back-up is lost here, and known to Braze.
        var late = SegmentStory.Members(ManyChanges.Customers + 130).Skip(ManyChanges.Customers + 100).ToList();
        await story.ImportAsync(late, cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        var lost = Stopwatch.GetTimestamp();
        foreach (var process in _stage.Topology.Processes.Where(process => process.Name != Topology.Sandbox).ToList())
        {
            await process.KillAsync(cancellationToken);
        }

        await _stage.Place.LoseAndRestoreAsync(dump, cancellationToken);
        await _stage.RaiseTheDeadAsync(cancellationToken);

        // The source has them still, and brings them again with the next file.
        await story.ImportAsync(late, cancellationToken);
        await ManyChanges.ImportAsync(story, cancellationToken);
        var run = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        Measured.Recovery("database lost and restored from a back-up", lost, late.Count);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
        Assert.That((run.Counts.Added, run.Counts.Updated, run.Counts.Removed), Is.EqualTo((45L + late.Count, 25L, 31L)), "the changes since the back-up, and nobody else");
    }
}
