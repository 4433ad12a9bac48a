using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Delivering;

/// <summary>Refreshes asked for by somebody who has nothing but a RabbitMQ client. (The in-process bus has no outside.)</summary>
[TestFixture(Shape.Processes)]
[TestFixture(Shape.Sidecars)]
public sealed class OutsideEventTests(Shape shape)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() => _stage = await SharedStages.GetAsync(shape, TestContext.CurrentContext.CancellationToken);

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task A_segment_refreshed_by_the_event_of_an_outsider_is_kept_true(CancellationToken cancellationToken)
    {
        await using var outsider = await PlainBroker.ConnectAsync(_stage.Servers!.RabbitMq, cancellationToken);
        using var story = await Story.BeginAsync(_stage, Story.Mixed(ManyChanges.Customers), cancellationToken);
        await story.DeliveredAsync(await RefreshByEventAsync(story, outsider, 1, cancellationToken), cancellationToken);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);

        await ManyChanges.AssertOnlyTheyAreSentAsync(story, () => RefreshByEventAsync(story, outsider, 2, cancellationToken), cancellationToken);
    }

    [Test]
    [CancelAfter(180_000)]
    public async Task An_event_that_comes_twice_counts_once(CancellationToken cancellationToken)
    {
        await using var outsider = await PlainBroker.ConnectAsync(_stage.Servers!.RabbitMq, cancellationToken);
        using var story = await Story.BeginAsync(_stage, Story.Mixed(100), cancellationToken);
        var first = await RefreshByEventAsync(story, outsider, 1, cancellationToken, id: $"{story.Id}-same");
        await outsider.AskForRefreshAsync($"{story.Id}-same", story.Segment.Name, "the same again", cancellationToken);
        var last = await RefreshByEventAsync(story, outsider, 2, cancellationToken, id: $"{story.Id}-other");
        await story.DeliveredAsync(last, cancellationToken);
        Assert.That((await HistoryAsync(story, cancellationToken)).Select(r => r.Version), Is.EqualTo(new[] { last.Version, first.Version }));
    }

    private async Task<SegmentRefresh> RefreshByEventAsync(Story story, PlainBroker outsider, int ordinal, CancellationToken cancellationToken, string? id = null)
    {
        await outsider.AskForRefreshAsync(id ?? $"{story.Id}-{ordinal}", story.Segment.Name, "nightly load", cancellationToken);
        var refresh = await Eventually.ValueAsync(
            async () => (await HistoryAsync(story, cancellationToken)) is { Count: var count } history && count >= ordinal ? history[0] : null,
            $"refresh number {ordinal} is asked for by the event",
            cancellationToken: cancellationToken);
        Assert.That(refresh.RequestedBy, Does.Contain("nightly load"));
        return await story.RefreshedAsync(refresh.Name, cancellationToken);
    }

    private async Task<IReadOnlyList<SegmentRefresh>> HistoryAsync(Story story, CancellationToken cancellationToken) =>
        (await _stage.Insights.Segments.ListSegmentRefreshesAsync(new ListSegmentRefreshesRequest { Parent = story.Segment.Name }, cancellationToken: cancellationToken)).Refreshes;
}
