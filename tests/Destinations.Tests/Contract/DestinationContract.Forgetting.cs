using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It forgets: exports that are gone, whether it heard of that or not, and runs that are over.</summary>
public abstract partial class DestinationContract
{
    [Test]
    public async Task An_export_that_is_gone_is_forgotten_and_what_it_sent_stays_there()
    {
        var customers = Customer.Many(12);
        Stage.Put([.. customers, Customer.One(13) with { Email = "" }]);
        await Stage.RunAsync(Token);
        Stage.Remove(customers.Take(2));
        await Stage.RunAsync(Token);
        Assert.That(await Stage.CountRememberedAsync(Token), Is.GreaterThan(12));

        await Stage.AnnounceDeletionAsync(Token);

        await AssertForgottenAsync();
        await AssertVendorKnowsAsync(customers.Skip(2));
    }

    [Test]
    public async Task An_export_that_is_gone_unheard_is_asked_for_and_forgotten()
    {
        Stage.Put(Customer.Many(12));
        await DeliverAsync(new RunCounts { Read = 12, Added = 12 });

        Stage.DeleteSilently();

        await AssertForgottenAsync();
    }

    [Test]
    public async Task A_run_at_work_keeps_its_ledger_until_it_is_over()
    {
        var customers = Customer.Many(200);
        Stage.Put(customers);
        await using var clock = new HurryingClock(isPatient: true);
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Slow), Token);
        var run = await Stage.AskAsync(fullComparison: false, Token);
        await Eventually.TrueAsync(async () => Stage.Segments.Streams.Members > 0 && (Vendor.TakesFiles || await CountRequestsAsync() > 0), "the run is at work", cancellationToken: Token);

        await Stage.AnnounceDeletionAsync(Token);
        await Eventually.TrueAsync(async () => await CountJobsAsync("attempt > 0") > 0, "forgetting was tried", cancellationToken: Token);
        Assert.That(Stage.Exports.CompletionOf(run), Is.Null, "the run goes on");
        await Vendor.HealAsync(Token);

        AssertCounts(await Stage.EndedAsync(run, Token), new RunCounts { Read = 200, Added = 200 });
        await AssertVendorKnowsAsync(customers);
        clock.Hurry();
        await AssertForgottenAsync();
    }

    [Test]
    public async Task Runs_that_are_over_are_forgotten_and_the_ledger_goes_on()
    {
        var customers = Customer.Many(12);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 12, Added = 12 });
        await DeliverAsync(new RunCounts());
        await DeliverAsync(new RunCounts());
        await Eventually.TrueAsync(async () => await CountRunsAsync() == 1, "only the newest run is remembered", cancellationToken: Token);

        Stage.Remove(customers.Take(3));
        await DeliverAsync(new RunCounts { Removed = 3 });
        await DeliverAsync(new RunCounts { Read = 9, Unchanged = 9 }, fullComparison: true);
        await AssertVendorKnowsAsync(customers.Skip(3));
    }

    [Test]
    public async Task Refused_rows_are_counted_by_class_however_many_are_listed()
    {
        Stage.Put([.. Customer.Many(5), Customer.One(6) with { Email = "" }, Customer.One(7) with { Email = "" }]);

        var run = await DeliverAsync(new RunCounts { Read = 7, Added = 5, Skipped = 2 });

        var listed = Stage.Exports.RejectedOf(run.Name);
        Assert.That(
            run.RejectionClasses,
            Is.EqualTo(new[] { new RejectionClass { Reason = listed.Values.Distinct().Single(), Count = 2, FirstCustomerId = listed.Keys.Min(StringComparer.Ordinal) } }));
    }

    private Task AssertForgottenAsync() =>
        Eventually.TrueAsync(async () => await Stage.CountRememberedAsync(Token) == 0, "nothing is remembered", TimeSpan.FromSeconds(60), Token);

    private Task<long> CountRunsAsync() =>
        Stage.Worker.Database.ReadAsync(session => session.QuerySingleAsync<long>("SELECT COUNT(*) FROM runs"), Token);

    private Task<long> CountJobsAsync(string condition) => Stage.Worker.Database.ReadAsync(
        session => session.QuerySingleAsync<long>($"SELECT COUNT(*) FROM jobs WHERE kind = 'forget-export' AND running = 0 AND {condition}"), Token);
}
