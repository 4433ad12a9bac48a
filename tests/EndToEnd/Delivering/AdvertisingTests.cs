using CustomerInsights.EndToEnd.Staging;

namespace CustomerInsights.EndToEnd.Delivering;

/// <summary>The main job with Microsoft Advertising: by files and by calls, whichever the number of rows asks for.</summary>
[TestFixture(Shape.Standalone)]
[TestFixture(Shape.Processes)]
public sealed class AdvertisingTests(Shape shape)
{
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() => _stage = await SharedStages.GetAsync(shape, TestContext.CurrentContext.CancellationToken);

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task A_segment_is_mirrored_by_a_file_and_kept_true_by_calls(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Mixed(ManyChanges.Customers), cancellationToken);
        var first = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertListEqualsSegmentAsync(cancellationToken);
        var file = await story.JournalAsync(cancellationToken);
        Assert.That((file.Uploads, file.Rows, file.RowsOf("Add")), Is.EqualTo((1, first.Counts.Added, first.Counts.Added)), "everybody by one file");

        await ManyChanges.ImportAsync(story, cancellationToken);
        var run = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        await story.AssertListEqualsSegmentAsync(cancellationToken);
        var calls = await story.JournalAsync(cancellationToken, file.Last);
        Assert.Multiple(() =>
        {
            Assert.That((calls.Uploads, calls.RowsOf("Add"), calls.RowsOf("Remove"), calls.RowsOf("Replace")), Is.EqualTo((0, 70L, 56L, 0L)), "who moved leaves with the old address");
            Assert.That((run.Counts.Added, run.Counts.Updated), Is.EqualTo((45L, 25L)));
        });
    }

    [Test]
    [CancelAfter(180_000)]
    public async Task A_small_segment_is_mirrored_by_calls_and_many_who_join_or_leave_go_by_files(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(300), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertListEqualsSegmentAsync(cancellationToken);
        var calls = await story.JournalAsync(cancellationToken);
        Assert.That((calls.Uploads, calls.RowsOf("Add")), Is.EqualTo((0, 300L)));

        var joiners = SegmentStory.Members(300 + Stage.FileFrom).Skip(300).ToList();
        await story.ImportAsync(joiners, cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertListEqualsSegmentAsync(cancellationToken);
        var joined = await story.JournalAsync(cancellationToken, calls.Last);
        Assert.That((joined.Uploads, joined.Rows, joined.RowsOf("Add")), Is.EqualTo((1, (long)Stage.FileFrom, (long)Stage.FileFrom)));

        await story.ImportAsync(joiners.Select(c => c with { Vip = false, Points = 0 }), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertListEqualsSegmentAsync(cancellationToken);
        var left = await story.JournalAsync(cancellationToken, joined.Last);
        Assert.That((left.Uploads, left.Rows, left.RowsOf("Remove")), Is.EqualTo((1, (long)Stage.FileFrom, (long)Stage.FileFrom)));
    }
}
