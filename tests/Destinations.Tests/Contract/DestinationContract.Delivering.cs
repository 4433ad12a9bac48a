using CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It delivers: all at first, then what changed, and nothing else.</summary>
public abstract partial class DestinationContract
{
    [Test]
    public async Task A_first_run_delivers_every_member_once()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        var run = await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        await AssertVendorKnowsAsync(customers);
        Assert.That(await SentSinceAsync(0), Is.EquivalentTo(customers.Select(customer => customer.Key)), "nobody twice");
        Assert.That(run.Counts.Requests, Is.EqualTo(Vendor.RequestsFor(23)));
        Assert.That((await Vendor.RequestsAsync(Token)).Select(request => request.Keys.Count), Has.All.LessThanOrEqualTo(Vendor.RowsAtOnce));
    }

    [Test]
    public async Task Counts_by_segment_tell_the_version_that_was_delivered()
    {
        Stage.Put([.. Customer.Many(6), Customer.One(6) with { Email = "" }, Customer.One(7) with { Key = "k000" }]);
        var run = await DeliverAsync(new RunCounts { Read = 8, Added = 6, Skipped = 1, Duplicates = 1 });
        Assert.That(run.SegmentCounts.Select(counts => counts.Segment), Is.EqualTo(Stage.Export.Segments));
        Assert.That(run.SegmentCounts.Select(counts => counts.Version), Is.All.GreaterThan(0));
        foreach (var counts in run.SegmentCounts)
        {
            counts.Version = 0;
        }

        Assert.That(run.SegmentCounts[0], Is.EqualTo(new SegmentCounts { Segment = FakeSegments.Names[0], MemberCount = 8, Read = 8, Sent = 6, Skipped = 1, Duplicates = 1 }));
        Assert.That(run.SegmentCounts.Skip(1), Is.All.EqualTo(new SegmentCounts { Segment = FakeSegments.Names[1], MemberCount = 4, Read = 4, Sent = 3, Duplicates = 1 }));
    }

    [Test]
    public async Task A_second_run_sends_who_joined_changed_or_left_and_nobody_else()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        var before = await CountRequestsAsync();
        var changed = customers[4] with { Name = "another name" };
        var joined = Customer.One(500);
        Stage.Put(changed, joined);
        Stage.Remove(customers[7], customers[8]);
        await DeliverAsync(Renamed(new RunCounts { Read = 2, Added = 1, Updated = 1, Removed = 2 }));
        await AssertVendorKnowsAsync([.. customers.Where((_, i) => i is not (4 or 7 or 8)), changed, joined]);
        string[] due = [joined.Key, customers[7].Key, customers[8].Key];
        Assert.That(await SentSinceAsync(before), Is.EquivalentTo(Vendor.CarriesValues ? due.Append(changed.Key) : due));
    }

    [Test]
    public async Task A_run_without_a_change_sends_nothing()
    {
        Stage.Put(Customer.Many(9));
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        var before = await CountRequestsAsync();
        var run = await DeliverAsync(new RunCounts());
        Assert.That(run.Counts.Requests, Is.Zero);
        Assert.That(await CountRequestsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task A_member_whose_mapped_values_are_the_same_is_not_sent()
    {
        var customers = Customer.Many(9);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        var before = await CountRequestsAsync();
        Stage.Put(customers.Take(3));
        await DeliverAsync(new RunCounts { Read = 3, Unchanged = 3 });
        Assert.That(await CountRequestsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task An_expired_feed_costs_a_comparison_and_no_request_more()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        var before = await CountRequestsAsync();
        Stage.Remove(customers[3]);
        Stage.Put(customers[0] with { Name = "another name" });
        Stage.Segments.ExpireFeed();
        await DeliverAsync(Renamed(new RunCounts { Read = 22, Updated = 1, Unchanged = 21, Removed = 1 }));
        Assert.That(await SentSinceAsync(before), Is.EquivalentTo(customers.Where((_, i) => i == 3 || (i == 0 && Vendor.CarriesValues)).Select(customer => customer.Key)));
        Assert.That(Stage.Segments.Streams, Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task A_full_comparison_finds_who_left_wherever_they_are_in_the_order()
    {
        var customers = Customer.Many(40);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 40, Added = 40 });
        var gone = customers.Where((_, i) => i is 0 or 1 or 13 or 14 or 15 or 39).ToList();
        Stage.Remove(gone);
        await DeliverAsync(new RunCounts { Read = 34, Unchanged = 34, Removed = 6 }, fullComparison: true);
        await AssertVendorKnowsAsync(customers.Except(gone));
    }

    [Test]
    public async Task A_segment_that_has_become_empty_empties_the_audience()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        Stage.Remove(customers);
        await DeliverAsync(new RunCounts { Removed = 23 }, fullComparison: true);
        await AssertVendorKnowsAsync();
        await DeliverAsync(new RunCounts());
    }

    [Test]
    public async Task Another_account_at_the_destination_starts_with_an_empty_ledger()
    {
        var customers = Customer.Many(9);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        Stage.Account = "another account";
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        Stage.Account = "account";
        await DeliverAsync(new RunCounts());
    }

    [Test]
    public async Task A_run_that_was_opened_for_another_account_sends_nothing_there()
    {
        Stage.Put(Customer.Many(9));
        Stage.Connections.Account = "another account";
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "ACCOUNT_CHANGED")));
        Assert.That(await CountRequestsAsync(), Is.Zero);
        Stage.Account = "another account";
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
    }

    // Another workspace behind the same host, or one that has lost what it had: the ledger is right in itself, and wrong.
    [Test]
    public async Task Everything_is_sent_again_when_it_is_asked_for_and_only_then()
    {
        var customers = Customer.Many(23);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 23, Added = 23 });
        await Vendor.ForgetAsync(Token);
        await DeliverAsync(new RunCounts { Read = 23, Unchanged = 23 }, fullComparison: true);
        await AssertVendorKnowsAsync(Vendor.NoticesLoss ? customers : []);
        var run = await Stage.EndedAsync(await Stage.AskAsync(fullComparison: false, Token, resendAll: true), Token);
        AssertCounts(run, new RunCounts { Read = 23, Updated = 23 });
        await AssertVendorKnowsAsync(customers);
        await DeliverAsync(new RunCounts());
    }

    [Test]
    public async Task Another_definition_compares_every_member_and_sends_those_that_look_different()
    {
        var customers = Customer.Many(9);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        Stage.Redefine();
        await DeliverAsync(new RunCounts { Read = 9, Unchanged = 9 });
        Assert.That(Stage.Segments.Streams.Members, Is.EqualTo(2));
    }

    [Test]
    public async Task Many_pages_and_requests_end_as_exactly_as_few()
    {
        Stage.Segments.PageSize = 100;
        var customers = Enumerable.Range(0, 2_500).Select(i => Customer.One(i) with { Id = $"c{i:0000}", Key = $"k{i:0000}" }).ToList();
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 2_500, Added = 2_500 });
        var known = await Vendor.ReadAsync(Token);
        Assert.That(known.Keys, Is.EquivalentTo(customers.Select(customer => customer.Key)));
        Stage.Put(customers.Where((_, i) => i % 7 == 0).Select(customer => customer with { Name = "another name" }));
        Stage.Remove(customers.Where((_, i) => i % 10 == 1));
        await DeliverAsync(
            Renamed(new RunCounts { Read = 2_250, Updated = customers.Where((_, i) => i % 7 == 0 && i % 10 != 1).Count(), Unchanged = customers.Where((_, i) => i % 7 != 0 && i % 10 != 1).Count(), Removed = 250 }),
            fullComparison: true);
        Assert.That((await Vendor.ReadAsync(Token)).Count, Is.EqualTo(2_250));
    }
}
