using CustomerInsights.EndToEnd.Staging;

namespace CustomerInsights.EndToEnd.Delivering;

[TestFixture(Shape.Standalone)]
[TestFixture(Shape.Processes)]
[TestFixture(Shape.Sidecars)]
public sealed class DeliveryTests(Shape shape)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() => _stage = await SharedStages.GetAsync(shape, TestContext.CurrentContext.CancellationToken);

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task A_segment_refreshed_by_call_is_kept_true(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Mixed(ManyChanges.Customers), cancellationToken);
        var first = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
        Assert.That(first.Counts.Added, Is.EqualTo(story.Expected.Count));

        await ManyChanges.AssertOnlyTheyAreSentAsync(story, () => story.RefreshAsync(cancellationToken), cancellationToken);
    }

    [Test]
    [CancelAfter(180_000)]
    public async Task A_refresh_of_nothing_new_sends_nothing(CancellationToken cancellationToken)
    {
        using var story = await Story.BeginAsync(_stage, Story.Mixed(1_000), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        var last = await story.Braze.LastRequestAsync(cancellationToken);
        var second = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        Assert.Multiple(() =>
        {
            Assert.That(second.Counts.Requests, Is.Zero);
            Assert.That(second.Counts.Added + second.Counts.Updated + second.Counts.Removed, Is.Zero);
        });
        Assert.That(await story.Braze.LastRequestAsync(cancellationToken), Is.EqualTo(last));
    }
}
