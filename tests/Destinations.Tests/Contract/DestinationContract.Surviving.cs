using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It survives: every class of fault, outages around it, being stopped, being taken over.</summary>
public abstract partial class DestinationContract
{
    [TestCase(VendorFaultKind.Unavailable)]
    [TestCase(VendorFaultKind.Throttled)]
    [TestCase(VendorFaultKind.DroppedBefore)]
    [TestCase(VendorFaultKind.DroppedAfter)]
    [TestCase(VendorFaultKind.Unreadable)]
    public async Task A_fault_that_passes_costs_time_and_nothing_else(VendorFaultKind kind)
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(kind, Count: 3, Skip: 1), Token);
        var run = await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        Assert.That(run.Counts.Requests, Vendor.TakesFiles ? Is.AtLeast(Vendor.RequestsFor(23)) : Is.EqualTo(Vendor.RequestsFor(23) + 3));
        await AssertVendorKnowsAsync(customers);

        await Vendor.InjectAsync(new VendorFault(kind, Count: 1), Token);
        Stage.Remove(customers.Take(4));
        await DeliverAsync(new RunCounts { Removed = 4 });
        await AssertVendorKnowsAsync(customers.Skip(4));
    }

    [Test]
    public async Task Throttling_is_told_while_it_lasts()
    {
        Stage.Put(Customer.Many(23));
        await using var clock = new HurryingClock(isPatient: true);
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Throttled, Count: 6), Token);
        var run = await Stage.AskAsync(fullComparison: false, Token);
        await Eventually.TrueAsync(() => Stage.Exports.Progress.Any(progress => progress.ThrottledUntil is not null), "throttling is told", cancellationToken: Token);
        clock.Hurry();
        AssertCounts(await Stage.EndedAsync(run, Token), new RunCounts { Read = 23, Added = 23 });
    }

    [Test]
    public async Task A_destination_that_stays_away_fails_the_run_with_a_reason_and_the_next_run_goes_on()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Unavailable, Skip: 2), Token);
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "DESTINATION_UNAVAILABLE")));
        Assert.That(run.Message, Is.Not.Empty);
        AssertAddsUp(run);
        Assert.That(run.Counts.Added, Is.EqualTo((await Vendor.ReadAsync(Token)).Count), "what is known stays known");
        await Vendor.HealAsync(Token);
        var next = await Stage.RunAsync(Token);
        AssertCounts(next, new RunCounts { Read = 23, Added = 23 - run.Counts.Added, Unchanged = run.Counts.Added });
        await AssertVendorKnowsAsync(customers);
    }

    [Test]
    public async Task Who_left_while_the_fate_of_a_request_was_unknown_is_taken_out_all_the_same()
    {
        var customers = Customer.Many(5);
        Stage.Put(customers);
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.DroppedAfter), Token);
        Assert.That((await Stage.RunAsync(Token)).State, Is.EqualTo(RunState.Failed));
        Assert.That((await Vendor.ReadAsync(Token)).Count, Is.EqualTo(5), "they have arrived, but we cannot know");
        await Vendor.HealAsync(Token);
        Stage.Remove(customers.Take(2));
        var run = await Stage.RunAsync(Token);
        Assert.That(run.State, Is.EqualTo(RunState.Successful));
        await AssertVendorKnowsAsync(customers.Skip(2));
    }

    [Test]
    public async Task Who_is_again_as_before_the_fate_of_an_update_was_unknown_is_sent_again()
    {
        var customers = Customer.Many(5);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 5, Added = 5 });
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.DroppedAfter), Token);
        Stage.Put(Vendor.CarriesValues ? customers[2] with { Name = "another name" } : customers[2] with { Key = "another" });
        Assert.That((await Stage.RunAsync(Token)).State, Is.EqualTo(RunState.Failed));
        await Vendor.HealAsync(Token);
        Stage.Put(customers[2]);
        await DeliverAsync(new RunCounts { Read = 1, Updated = 1 });
        await AssertVendorKnowsAsync(customers);
    }

    // Lessons 2.13 and 4: waiting for an allowance is a state, and nobody else's.
    [Test]
    public async Task A_destination_that_wants_a_long_pause_keeps_no_place_and_no_stream_from_others()
    {
        Stage.Put(Customer.Many(23));
        await using var clock = new HurryingClock(isPatient: true);
        Stage.ConcurrentRuns = 1;
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.ThrottledForLong, Count: 1), Token);
        var paused = await Stage.AskAsync(fullComparison: false, Token);
        var resumes = await WaitsAsync(paused, clock);
        Stage.Export.Connection += "-two";
        Stage.Account = "another account";
        await Vendor.UseAnotherAccountAsync(Stage.Export, Token);
        await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        Assert.That(Stage.Exports.CompletionOf(paused), Is.Null);
        Stage.Connections.Account = "account";
        clock.Time.Advance(TimeSpan.FromTicks(Math.Max(0, (resumes - clock.Time.GetUtcNow()).Ticks)));
        AssertCounts(await Stage.EndedAsync(paused, Token), new RunCounts { Read = 23, Added = 23 });
        Assert.That(Stage.Segments.Streams.Members, Is.EqualTo(Vendor.WritesDown ? 2 : 3), "none while it waits");
    }

    [Test]
    public async Task A_person_can_stop_a_run_that_waits_for_its_allowance()
    {
        Stage.Put(Customer.Many(23));
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.ThrottledForLong), Token);
        var paused = await Stage.AskAsync(fullComparison: false, Token);
        var resumes = await WaitsAsync(paused, clock);
        Stage.Exports.CancelRequested = true;
        Assert.That((await Stage.EndedAsync(paused, Token)).State, Is.EqualTo(RunState.Canceled));
        Assert.That(clock.Time.GetUtcNow(), Is.LessThan(resumes));
    }

    [Test]
    public async Task Members_that_stop_coming_are_read_again_and_counted_once()
    {
        var customers = Customer.Many(60);
        Stage.Put(customers);
        var breaks = 2;
        Stage.Segments.BeforePage = (page, _) => page == 4 && breaks-- > 0
            ? throw new RpcException(new Status(StatusCode.Unavailable, "Nobody at home."))
            : Task.CompletedTask;
        await DeliverAsync(new RunCounts { Read = 60, Added = 60 });
        await AssertVendorKnowsAsync(customers);
        Assert.That(await SentSinceAsync(0), Is.EquivalentTo(customers.Select(customer => customer.Key)), "nobody twice");
    }

    [Test]
    public async Task A_run_is_never_lost_while_others_are_away()
    {
        Stage.Put([.. Customer.Many(5), Customer.One(6) with { Email = "" }]);
        Stage.Exports.Outages = 3;
        var run = await DeliverAsync(new RunCounts { Read = 6, Added = 5, Skipped = 1 });
        Assert.That(Stage.Exports.RejectedOf(run.Name), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_run_that_is_asked_for_twice_runs_once_and_one_that_is_over_does_not_run()
    {
        Stage.Put(Customer.Many(5));
        var run = await Stage.AskAsync(fullComparison: false, Token);
        await Stage.AnnounceAsync(run, Token);
        await Stage.EndedAsync(run, Token);
        await Stage.AnnounceAsync(run, Token);
        await DeliverAsync(new RunCounts());
        Assert.That(await CountRequestsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_person_can_stop_a_run_and_what_was_sent_is_remembered()
    {
        var customers = Customer.Many(200);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Slow), Token);
        Stage.Exports.CancelRequested = true;
        var run = await Stage.RunAsync(Token);
        Assert.That(run.State, Is.EqualTo(RunState.Canceled));
        AssertAddsUp(run);

        // Of a file nothing is known before it is read back.
        var known = Vendor.TakesFiles ? 0 : (await Vendor.ReadAsync(Token)).Count;
        Assert.That(run.Counts.Added, Is.EqualTo(known).And.LessThan(200));
        Stage.Exports.CancelRequested = false;
        await Vendor.HealAsync(Token);
        await DeliverAsync(new RunCounts { Read = 200, Added = 200 - known, Unchanged = known });
        await AssertVendorKnowsAsync(customers);
    }

    [Test]
    public async Task A_worker_that_is_stopped_puts_the_run_down_and_the_next_one_goes_on_without_repeating_anything()
    {
        var customers = Customer.Many(200);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Slow), Token);
        var run = await Stage.AskAsync(fullComparison: false, Token);
        await Eventually.TrueAsync(async () => await CountRequestsAsync() > (Vendor.TakesFiles ? 0 : 5), "some requests are through", cancellationToken: Token);
        await Stage.RestartAsync(TimeProvider.System, Token);
        await Vendor.HealAsync(Token);
        AssertCounts(await Stage.EndedAsync(run, Token), new RunCounts { Read = 200, Added = 200 });
        await AssertVendorKnowsAsync(customers);
        Assert.That(await SentSinceAsync(0), Is.EquivalentTo(customers.Select(customer => customer.Key)), "nobody twice");
    }

    // A worker that hangs is as good as dead: another one takes over, and what the first one may still do changes nothing.
    [Test]
    public async Task A_worker_that_hangs_is_taken_over_and_repeats_no_more_than_its_requests_in_flight()
    {
        var customers = Customer.Many(100);
        Stage.Put(customers);
        var stopped = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await Stage.RestartAsync(stopped, Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Hanging, Skip: 6, Count: Vendor.TakesFiles ? 1 : Vendor.RequestsInFlight), Token);
        var run = await Stage.AskAsync(fullComparison: false, Token);
        await Eventually.TrueAsync(async () => Vendor.TakesFiles ? await Vendor.HasMetFaultAsync(Token) : await CountRequestsAsync() >= 6, "some requests are through, or the file hangs", cancellationToken: Token);
        await using (var heir = await Stage.StartWorkerAsync(TimeProvider.System, Token))
        {
            AssertCounts(await Stage.EndedAsync(run, Token), new RunCounts { Read = 100, Added = 100 });
        }

        await AssertVendorKnowsAsync(customers);
        var repeated = (await SentSinceAsync(0)).GroupBy(key => key).Count(rows => rows.Count() > 1);
        Assert.That(repeated, Is.LessThanOrEqualTo(Vendor.RequestsInFlight * Vendor.RowsPerRequest));
        await Vendor.HealAsync(Token);
        await Eventually.TrueAsync(() => Stage.Worker.Logs.Records.Any(IsLoss), "the first worker finds its lease lost", cancellationToken: Token);
    }

    // A report without requests is one of a run that was put down.
    private async Task<DateTimeOffset> WaitsAsync(string run, HurryingClock clock)
    {
        var report = await Eventually.ValueAsync(
            () => Task.FromResult(Stage.Exports.Progress.FirstOrDefault(report => report.Name == run && report is { ThrottledUntil: not null, Counts.Requests: 0 })),
            "the run waits for its allowance",
            cancellationToken: Token);
        var until = report.ThrottledUntil.ToDateTimeOffset();
        Assert.That(until, Is.GreaterThan(clock.Time.GetUtcNow().AddMinutes(1)));
        return until;
    }

    private static bool IsLoss(CapturedLog record) => record.Text.Contains("lease", StringComparison.Ordinal) && record.Text.Contains("lost", StringComparison.Ordinal);
}
