using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Running;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Forgetting;

public sealed class ForgetStoreTests(Engine engine) : LedgerFixture(engine)
{
    private const string RunName = "environments/e/exports/x/runs/r";

    private static readonly DateTimeOffset Later = Timestamps.FromMicroseconds(1_000_000);

    [Test]
    public async Task Who_was_taken_out_long_ago_is_forgotten_and_nobody_else()
    {
        await WriteAsync(Delivered("a", "ka"), Delivered("b", "kb"), Delivered("c", "kc"), Delivered("d", "kd"));
        await Database.WriteAsync(transaction => LedgerStore.RemoveAsync(transaction, Scope, ["b", "c"]), Token);
        await Database.WriteAsync(transaction => LedgerStore.RemoveAsync(transaction, Scope with { Now = 2_000_000 }, ["d"]), Token);
        await Database.WriteAsync(transaction => RemovalQueue.DeleteAsync(transaction, AudienceId, ["kb", "kd"]), Token);

        var last = await Database.WriteAsync(transaction => ForgetStore.DeleteRemovedAsync(transaction, AudienceId, "", Later), Token);
        var end = await Database.WriteAsync(transaction => ForgetStore.DeleteRemovedAsync(transaction, AudienceId, last!, Later), Token);

        Assert.That((last, end), Is.EqualTo(("d", (string?)null)));
        Assert.That((await AllAsync()).Select(row => row.CustomerId), Is.EqualTo(new[] { "a", "c", "d" }), "c still has to be taken out, d left later");
    }

    [Test]
    public async Task An_audience_is_idle_unless_a_run_that_is_not_over_has_opened_it()
    {
        var run = await Database.WriteAsync(transaction => RunStore.OpenAsync(transaction, RunName), Token);
        Assert.That(await IsIdleAsync(), Is.True);

        await Database.WriteAsync(transaction => RunStore.OpenAudienceAsync(transaction, run.RunId, AudienceId, Stage.Adding), Token);
        Assert.That(await IsIdleAsync(), Is.True, "it has no job: it is over");

        await EnqueueAsync(RunName);
        Assert.That(await IsIdleAsync(), Is.False);
    }

    [Test]
    public async Task Runs_are_forgotten_when_they_are_over_but_for_the_newest()
    {
        foreach (var name in new[] { "over", "at work", "newest" })
        {
            var run = await Database.WriteAsync(transaction => RunStore.OpenAsync(transaction, name), Token);
            await Database.WriteAsync(transaction => RunStore.OpenAudienceAsync(transaction, run.RunId, AudienceId, Stage.Adding), Token);
        }

        await EnqueueAsync("at work");

        Assert.That(await Database.WriteAsync(transaction => ForgetStore.DeleteEndedRunsAsync(transaction, 10), Token), Is.EqualTo(1));

        var left = await Database.ReadAsync(session => session.QueryAsync<string>("SELECT run FROM runs JOIN run_audiences ON run_audiences.run_id = runs.run_id ORDER BY runs.run_id"), Token);
        Assert.That(left, Is.EqualTo(new[] { "at work", "newest" }));
    }

    [Test]
    public async Task An_audience_goes_page_by_page_and_leaves_its_neighbours_alone()
    {
        var other = (await Database.WriteAsync(transaction => AudienceStore.OpenAsync(transaction, "other", "account", "audience"), Token)).AudienceId;
        await Database.WriteAsync(transaction => WriteLedger.RunAsync(transaction, Scope with { AudienceId = other }, [Delivered("x", "kx")]), Token);
        await WriteAsync([.. Enumerable.Range(0, 5_001).Select(i => Delivered($"{i:00000}", $"k{i}"))]);
        await Database.WriteAsync(transaction => RemovalQueue.AddAsync(transaction, AudienceId, [new Removal("gone", "y", RemovalCause.Left)]), Token);

        Assert.That(await Database.ReadAsync(session => ForgetStore.ListAudiencesAsync(session, "export"), Token), Is.EqualTo(new[] { AudienceId }));
        Assert.That(await Database.WriteAsync(transaction => ForgetStore.DeletePageAsync(transaction, AudienceId, ""), Token), Is.EqualTo("04999"));
        Assert.That((await AllAsync()).Select(row => row.CustomerId), Is.EqualTo(new[] { "05000" }));
        await Database.WriteAsync(transaction => ForgetStore.DeleteAudienceAsync(transaction, AudienceId), Token);

        Assert.That(await AllAsync(), Is.Empty);
        Assert.That(await QueuedAsync(), Is.Empty);
        Assert.That(await Database.ReadAsync(session => ForgetStore.ListExportsAsync(session, "", 10), Token), Is.EqualTo(new[] { "other" }));
        Assert.That(await Ledger.AnyAsync(other, Token), Is.True);
    }

    private Task<bool> IsIdleAsync() => Database.WriteAsync(transaction => ForgetStore.LockIdleAsync(transaction, AudienceId), Token);

    private Task<bool> EnqueueAsync(string run) => Database.WriteAsync(
        transaction => new JobQueue(new ManualTimeProvider()).EnqueueAsync(transaction, new Job(DeliverRun.JobKind, run, "connection", "")), Token);
}
