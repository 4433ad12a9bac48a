using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

public sealed class RunStoreTests(Engine engine) : LedgerFixture(engine)
{
    private static readonly FeedPosition Position = new() { ChangeNumber = 12, SegmentVersions = { ["environments/e/segments/s"] = 3 } };

    [Test]
    public async Task A_run_is_recorded_once_and_keeps_how_it_ended()
    {
        var opened = await OpenAsync();
        Assert.That(opened.End, Is.Null);
        await Database.WriteAsync(transaction => RunStore.EndAsync(transaction, opened.RunId, RunEnd.Failed("WHY", "In words.")), Token);
        var again = await OpenAsync();
        Assert.That(again.RunId, Is.EqualTo(opened.RunId));
        Assert.That(again.End, Is.EqualTo(RunEnd.Failed("WHY", "In words.")));
    }

    [Test]
    public async Task Pauses_of_a_run_are_counted_until_something_is_taken_in_between()
    {
        var run = await OpenAsync();
        Assert.That(run.ResumeAt, Is.Null);
        var until = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);
        var counts = new List<long>();
        foreach (var hasTaken in new[] { false, false, true, false })
        {
            counts.Add(await Database.WriteAsync(transaction => RunStore.PauseAsync(transaction, run.RunId, until, hasTaken), Token));
        }

        Assert.That(counts, Is.EqualTo(new[] { 1, 2, 1, 2 }));
        Assert.That((await OpenAsync()).ResumeAt, Is.EqualTo(until));
    }

    [Test]
    public async Task A_run_goes_on_with_an_audience_from_its_checkpoint()
    {
        var run = await OpenAsync();
        var scope = new LedgerScope(AudienceId, run.RunId, 1);
        var fresh = await OpenAudienceAsync(run.RunId);
        Assert.That(fresh, Is.EqualTo(new AudienceProgress(Stage.Adding, null, null, null, 0, 0, 0)));
        var counts = new ReportProgressRequest { Counts = new RunCounts { Read = 5, Added = 5 } };
        await Database.WriteAsync(transaction => RunStore.CheckpointAsync(transaction, scope, new Checkpoint("c5", Position, counts, 7)), Token);
        await Database.WriteAsync(transaction => RunStore.EnterAsync(transaction, scope, Stage.Removing), Token);
        await Database.WriteAsync(transaction => RunStore.CountRemovalsAsync(transaction, scope, new RemovalCounts(3, 1, 9)), Token);
        await Database.WriteAsync(transaction => RunStore.CountRemovalsAsync(transaction, scope, new RemovalCounts(1, 0, 10)), Token);
        var later = await OpenAudienceAsync(run.RunId);
        Assert.That((later.Stage, later.Checkpoint, later.Removed, later.RemovalsRejected, later.Requests), Is.EqualTo((Stage.Removing, "c5", 4L, 1L, 10L)));
        Assert.That(later.FeedPosition, Is.EqualTo(Position));
        Assert.That(later.CountsSoFar, Is.EqualTo(counts));
        var reported = await Database.ReadAsync(session => RunStore.ListAudiencesAsync(session, run.RunId), Token);
        Assert.That(reported.Single().Report().Counts, Is.EqualTo(new RunCounts { Read = 5, Added = 5, Removed = 4, RemovalsRejected = 1, Requests = 10 }));
    }

    [Test]
    public async Task An_audience_keeps_its_position_and_what_it_was_mapped_by()
    {
        await Database.WriteAsync(transaction => AudienceStore.MoveAsync(transaction, AudienceId, "definition", Position), Token);
        var state = await AudienceAsync();
        Assert.That(state.FeedPosition, Is.EqualTo(Position));
        Assert.That((state.Definition, state.MustCompare, state.IsGivenUp, state.HasRemovals), Is.EqualTo(("definition", false, false, false)));
    }

    [Test]
    public async Task Another_account_has_audiences_of_its_own()
    {
        var other = await Database.WriteAsync(transaction => AudienceStore.OpenAsync(transaction, "export", "other account", "audience"), Token);
        Assert.That(other.AudienceId, Is.Not.EqualTo(AudienceId));
    }

    [Test]
    public async Task A_mark_that_is_set_during_a_whole_pass_outlives_it()
    {
        await MarkAsync(passIsWhole: false);
        Assert.That((await AudienceAsync()).MustCompare, Is.True);
        await ClearAsync();
        Assert.That((await AudienceAsync()).MustCompare, Is.False);
        await MarkAsync(passIsWhole: true);
        await ClearAsync();
        Assert.That((await AudienceAsync()).MustCompare, Is.True, "the next pass has to look at every member");
        await ClearAsync();
        Assert.That((await AudienceAsync()).MustCompare, Is.False);
    }

    [Test]
    public async Task An_audience_that_was_given_up_starts_anew_when_it_comes_back()
    {
        await Database.WriteAsync(transaction => AudienceStore.MoveAsync(transaction, AudienceId, "definition", Position), Token);
        await Database.WriteAsync(transaction => AudienceStore.GiveUpAsync(transaction, AudienceId), Token);
        Assert.That((await AudienceAsync()).IsGivenUp, Is.True);
        var back = await Database.WriteAsync(transaction => AudienceStore.OpenAsync(transaction, "export", "account", "audience"), Token);
        Assert.That((back.AudienceId, back.IsGivenUp, back.FeedPosition), Is.EqualTo((AudienceId, false, (FeedPosition?)null)));
    }

    private Task<RunRecord> OpenAsync() => Database.WriteAsync(transaction => RunStore.OpenAsync(transaction, "environments/e/exports/x/runs/r"), Token);

    private Task<AudienceProgress> OpenAudienceAsync(long runId) =>
        Database.WriteAsync(transaction => RunStore.OpenAudienceAsync(transaction, runId, AudienceId, Stage.Adding), Token);

    private async Task<AudienceState> AudienceAsync() =>
        (await Database.ReadAsync(session => AudienceStore.ListAsync(session, "export", "account"), Token)).Single();

    private Task MarkAsync(bool passIsWhole) => Database.WriteAsync(transaction => AudienceStore.MarkForComparisonAsync(transaction, AudienceId, passIsWhole), Token);

    private Task ClearAsync() => Database.WriteAsync(transaction => AudienceStore.ClearComparisonAsync(transaction, AudienceId), Token);
}
