using System.Diagnostics;
using System.Globalization;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using Operations = CustomerInsights.Sandbox.MicrosoftAdvertising.MicrosoftAdvertisingOperations;

namespace CustomerInsights.EndToEnd.Surviving;

/// <summary>
/// The worker of Microsoft Advertising dies where a file or a list is on its way. Whoever takes over asks before it does anything
/// again: one list, every row sent once, and at the end the list equals the segment (decision 9).
/// </summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class AdvertisingKillTests
{
    private const string Worker = "worker-microsoft-advertising";
    private const int Customers = Stage.FileFrom + 500;

    private const int ItemsPerCall = 100;
    private const int CallsInFlight = 4;

    // Longer than any test: what is held is held until the worker is dead.
    private const int ForEver = 600_000;

    private Stage _stage = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        // A run is taken over when its lease is over. Here that is sooner, since there are many deaths to die.
        var settings = new Dictionary<string, string>
        {
            ["Jobs:Lease"] = "00:00:05",
            ["MicrosoftAdvertising:ItemsPerRequest"] = ItemsPerCall.ToString(CultureInfo.InvariantCulture),
            ["MicrosoftAdvertising:RequestsInFlight"] = CallsInFlight.ToString(CultureInfo.InvariantCulture),
        };
        _stage = await Stage.SetAsync(Shape.Processes, null, settings, TestContext.CurrentContext.CancellationToken);
    }

    [OneTimeTearDown]
    public ValueTask TearDown() => _stage?.DisposeAsync() ?? ValueTask.CompletedTask;

    [TearDown]
    public async Task ShowLogsAndBringAllBack()
    {
        _stage.ShowLogsOfFailure();
        using var advertising = new MicrosoftAdvertisingControl(_stage.Topology.SandboxAddress);
        await advertising.ClearFaultsAsync(CancellationToken.None);
        await _stage.RaiseTheDeadAsync(CancellationToken.None);
    }

    [Test]
    public async Task Upload_address_is_taken_and_the_answer_is_lost(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var held = await HoldAsync(story, FaultKind.Stall, Operations.GetBulkUploadUrl, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("upload address asked for and not heard", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 2, cancellationToken);
    }

    [Test]
    public async Task Upload_address_is_taken_and_not_used(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var held = await HoldAsync(story, FaultKind.Delay, Operations.UploadBulkFile, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.HitAsync(held, 1, cancellationToken);
        await AssertUploadsAsync(story, 0, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("upload address taken and not used", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 2, cancellationToken);
    }

    [Test]
    public async Task File_is_uploaded_and_that_is_not_recorded(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var held = await HoldAsync(story, FaultKind.Stall, Operations.UploadBulkFile, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);
        await AssertUploadsAsync(story, 1, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("file uploaded and not recorded", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 1, cancellationToken);
    }

    [Test]
    public async Task Status_is_pending(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var held = await story.Advertising.AddFaultAsync(new FaultRule { Kind = FaultKind.HoldUpload, Operation = Operations.GetBulkUploadStatus }, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.HitAsync(held, 2, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);
        var asked = await story.HitsAsync(held, cancellationToken);
        await story.HitAsync(held, asked + 1, cancellationToken);
        await AssertUploadsAsync(story, 1, cancellationToken);
        await story.Advertising.ClearFaultsAsync(cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("file in progress", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 1, cancellationToken);
    }

    [Test]
    public async Task Result_is_read_halfway(CancellationToken cancellationToken)
    {
        var customers = SegmentStory.Members(Customers).ToList();
        var refused = customers[1_234];
        using var story = await AdvertisingStory.BeginAsync(_stage, customers, cancellationToken);
        var refusal = new FaultRule { Kind = FaultKind.Reject, Operation = Operations.UploadBulkFile, Hashes = [OtherStandIns.Hash(refused.Email)] };
        await story.Advertising.AddFaultAsync(refusal, cancellationToken);
        var held = await HoldAsync(story, FaultKind.Stall, Operations.DownloadBulkResult, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        var run = await AssertDeliveredAsync(story, refresh, new Blow("result read halfway", killed) { Refused = [refused.Id] }, cancellationToken);
        Assert.That((run.Counts.Added, run.Counts.Rejected), Is.EqualTo((Customers - 1L, 1L)));
        Assert.That((await ReadRejected.RunAsync(_stage.Insights, run.Name, cancellationToken)).Select(row => row.CustomerId), Is.EqualTo(new[] { refused.Id }));
        await AssertCountsAsync(story, addresses: 1, cancellationToken);
    }

    [Test]
    public async Task Audience_is_created_and_its_id_is_lost(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var held = await HoldAsync(story, FaultKind.Stall, Operations.AddAudiences, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        await AssertDeliveredAsync(story, refresh, new Blow("audience created and its id lost", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 1, cancellationToken);
        Assert.That((await story.JournalAsync(cancellationToken)).Count(Operations.AddAudiences), Is.EqualTo(1), "lists made");
    }

    [Test]
    public async Task File_of_leavers_is_uploaded_and_that_is_not_recorded(CancellationToken cancellationToken)
    {
        const int Stay = 100;
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        var before = await story.JournalAsync(cancellationToken);
        await story.ImportAsync(SegmentStory.Members(Customers).Skip(Stay).Select(c => c with { Vip = false, Points = 0 }), cancellationToken);
        var held = await HoldAsync(story, FaultKind.Stall, Operations.UploadBulkFile, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        var blow = new Blow("file of leavers uploaded and not recorded", killed) { After = before.Last, Rows = Customers - Stay };
        var run = await AssertDeliveredAsync(story, refresh, blow, cancellationToken);
        var files = await story.JournalAsync(cancellationToken, before.Last);
        Assert.That((files.Uploads, files.RowsOf("Remove"), run.Counts.Removed), Is.EqualTo((1, Customers - Stay + 1L, Customers - Stay)), "with the one who left at last");
    }

    [Test]
    public async Task Worker_is_killed_in_the_middle_of_the_calls(CancellationToken cancellationToken)
    {
        const int Members = Stage.FileFrom - 100;
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Members), cancellationToken);

        // Calls go side by side until all of them are answered: the second time, none is.
        var hold = new FaultRule { Kind = FaultKind.Stall, Operation = Operations.ApplyCustomerListUserData, Skip = CallsInFlight, Count = CallsInFlight, DelayMilliseconds = ForEver };
        var held = await story.Advertising.AddFaultAsync(hold, cancellationToken);
        var refresh = await story.RefreshAsync(cancellationToken);
        await story.HitAsync(held, CallsInFlight, cancellationToken);
        await story.TookEffectAsync(held, cancellationToken);

        var killed = await KillAndRaiseAsync(cancellationToken);

        var blow = new Blow("worker killed in the middle of the calls", killed) { Rows = Members, RowsTwiceAtMost = CallsInFlight * ItemsPerCall };
        await AssertDeliveredAsync(story, refresh, blow, cancellationToken);
        Assert.That((await story.JournalAsync(cancellationToken)).Uploads, Is.Zero, "files");
    }

    [Test]
    public async Task Exports_is_killed_between_the_event_and_the_run(CancellationToken cancellationToken)
    {
        using var story = await AdvertisingStory.BeginAsync(_stage, SegmentStory.Members(Customers), cancellationToken);
        var (refresh, killed) = await KillExports.BetweenEventAndRunAsync(_stage, story, Worker, cancellationToken);
        await AssertDeliveredAsync(story, refresh, new Blow("Exports killed between event and run", killed), cancellationToken);
        await AssertCountsAsync(story, addresses: 1, cancellationToken);
    }

    private static Task<FaultRule> HoldAsync(AdvertisingStory story, FaultKind kind, string operation, CancellationToken cancellationToken) =>
        story.Advertising.AddFaultAsync(new FaultRule { Kind = kind, Operation = operation, Count = 1, DelayMilliseconds = ForEver }, cancellationToken);

    private async Task<long> KillAndRaiseAsync(CancellationToken cancellationToken)
    {
        await _stage.Topology.KillAsync(Worker, cancellationToken);
        var killed = Stopwatch.GetTimestamp();
        await _stage.Topology.StartAgainAsync(Worker, cancellationToken);
        return killed;
    }

    private static async Task<ExportRun> AssertDeliveredAsync(AdvertisingStory story, SegmentRefresh refresh, Blow blow, CancellationToken cancellationToken)
    {
        var run = await story.DeliveredAsync(refresh, cancellationToken);
        var journal = await story.JournalAsync(cancellationToken, blow.After);
        var twice = (int)(journal.Rows - blow.Rows);
        Measured.Recovery($"Microsoft Advertising, {blow.What} (lease of 5 s)", blow.At, twice);
        await story.AssertListEqualsSegmentAsync(cancellationToken, blow.Refused);
        Assert.That(twice, Is.InRange(0, blow.RowsTwiceAtMost), "rows sent twice: none of a file, and of calls no more than those in flight hold");
        await AssertGoesOnAsync(story, journal.Last, blow, cancellationToken);
        return run;
    }

    // What the ledger remembers is true: a change is sent, and nothing else.
    private static async Task AssertGoesOnAsync(AdvertisingStory story, long after, Blow blow, CancellationToken cancellationToken)
    {
        var leaver = SegmentStory.Members(1).Single() with { Vip = false, Points = 0 };
        await story.ImportAsync([leaver, .. SegmentStory.Members(Customers + 2).Skip(Customers)], cancellationToken);
        await story.DeliveredAsync(await story.RefreshAsync(cancellationToken), cancellationToken);
        await story.AssertListEqualsSegmentAsync(cancellationToken, blow.Refused);
        var journal = await story.JournalAsync(cancellationToken, after);
        Assert.That((journal.RowsOf("Add"), journal.RowsOf("Remove"), journal.Uploads), Is.EqualTo((2L, 1L, 0)), "only the change is sent");
    }

    private static async Task AssertUploadsAsync(AdvertisingStory story, int uploads, CancellationToken cancellationToken) =>
        Assert.That((await story.JournalAsync(cancellationToken)).Uploads, Is.EqualTo(uploads), "files taken so far");

    // Only what never arrived is uploaded again, and an address is good for one upload.
    private static async Task AssertCountsAsync(AdvertisingStory story, int addresses, CancellationToken cancellationToken)
    {
        var journal = await story.JournalAsync(cancellationToken);
        Assert.That((journal.Count(Operations.GetBulkUploadUrl), journal.Uploads), Is.EqualTo((addresses, 1)), "addresses given and files taken");
    }

    /// <summary>What happened in the middle of the job.</summary>
    /// <param name="What">For the report.</param>
    /// <param name="At">When.</param>
    private sealed record Blow(string What, long At)
    {
        /// <summary>The last entry in the journal of an earlier part of the story.</summary>
        public long After { get; init; }

        /// <summary>Rows that have to be sent.</summary>
        public int Rows { get; init; } = Customers;

        public int RowsTwiceAtMost { get; init; }

        /// <summary>Ids of customers whom the stand-in does not take.</summary>
        public string[] Refused { get; init; } = [];
    }
}
