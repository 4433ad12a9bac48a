using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Comparing;

namespace CustomerInsights.EndToEnd.Delivering;

[TestFixture(Shape.Standalone)]
[TestFixture(Shape.Processes)]
public sealed class RejectionTests(Shape shape)
{
    private const int Customers = 10_000;
    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp() => _stage = await SharedStages.GetAsync(shape, TestContext.CurrentContext.CancellationToken);

    [TearDown]
    public void ShowLogs() => _stage.ShowLogsOfFailure();

    [Test]
    [CancelAfter(180_000)]
    public async Task A_broken_address_and_an_id_that_Braze_refuses_do_not_stop_the_others(CancellationToken cancellationToken)
    {
        var customers = Story.Members(Customers).ToList();
        var broken = customers[1_234] with { Email = "nobody at example" };
        var refused = customers[5_678];
        customers[1_234] = broken;
        using var story = await Story.BeginAsync(_stage, customers, cancellationToken);
        await story.Braze.AddFaultAsync(new { Kind = "reject", ExternalIds = new[] { refused.BrazeId } }, cancellationToken);

        var run = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        var rows = await ReadRejected.RunAsync(_stage.Insights, run.Name, cancellationToken);
        Assert.Multiple(() =>
        {
            Assert.That(rows.Select(r => r.CustomerId), Is.EquivalentTo(new[] { broken.Id, refused.Id }));
            Assert.That(rows.Select(r => r.Reason), Has.All.Matches("^[A-Z][A-Z0-9_]+$"), "reasons are for programs");
            Assert.That(rows.Select(r => r.Message), Has.None.Contains("example"), "and tell no address");
            Assert.That(run.Counts.Read, Is.EqualTo(Customers));
            Assert.That(run.Counts.Added, Is.EqualTo(Customers - 2));
            Assert.That((run.Counts.Skipped, run.Counts.Rejected), Is.EqualTo((1L, 1L)));
            Assert.That(run.RejectionClasses.Sum(c => c.Count), Is.EqualTo(2));
            Assert.That(run.SegmentCounts.Single().Sent, Is.EqualTo(Customers - 2));
        });
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken, broken.Id, refused.Id);
    }

    [Test]
    [CancelAfter(180_000)]
    public async Task A_repaired_address_is_delivered_and_a_refused_row_is_not_tried_again_unchanged(CancellationToken cancellationToken)
    {
        var customers = Story.Members(500).ToList();
        var broken = customers[12] with { Email = "nobody at example" };
        var refused = customers[34];
        using var story = await Story.BeginAsync(_stage, [.. customers.Where(c => c.Id != broken.Id), broken], cancellationToken);
        await story.Braze.AddFaultAsync(new { Kind = "reject", ExternalIds = new[] { refused.BrazeId } }, cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        await story.ImportAsync([customers[12]], cancellationToken);
        var last = await story.Braze.LastRequestAsync(cancellationToken);
        var run = await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);

        var sent = new List<string?>();
        await foreach (var request in story.Braze.RequestsAsync(last, cancellationToken))
        {
            sent.AddRange(request.Objects!.Select(o => o.ExternalId));
        }

        Assert.That(sent, Is.EqualTo(new[] { broken.BrazeId }), "only the repaired one is sent");
        Assert.That(run.Counts.Rejected + run.Counts.Skipped, Is.Zero);
        await story.AssertBrazeEqualsSegmentAsync(cancellationToken, refused.Id);
    }
}
