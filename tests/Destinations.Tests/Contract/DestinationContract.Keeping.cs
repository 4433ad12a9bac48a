using CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It collapses intent, and takes out only what it brought in.</summary>
public abstract partial class DestinationContract
{
    // Lessons 2.1: somebody who left and came back must end inside.
    [Test]
    public async Task Who_left_and_came_back_between_two_runs_stays_in()
    {
        var customers = Customer.Many(9);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        var before = await CountRequestsAsync();
        Stage.Remove(customers[2]);
        Stage.Put(customers[2]);
        await DeliverAsync(new RunCounts { Read = 1, Unchanged = 1 });
        await AssertVendorKnowsAsync(customers);
        Assert.That(await CountRequestsAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Who_was_taken_out_and_comes_back_is_added_again()
    {
        var customers = Customer.Many(9);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 9, Added = 9 });
        Stage.Remove(customers[2]);
        await DeliverAsync(new RunCounts { Removed = 1 });
        Stage.Put(customers[2] with { Name = "" });
        await DeliverAsync(new RunCounts { Read = 1, Added = 1 });
        await AssertVendorKnowsAsync([.. customers.Where((_, i) => i != 2), customers[2] with { Name = "" }]);
    }

    [Test]
    public async Task Rows_with_one_key_collapse_into_the_first_of_them()
    {
        var customers = Customer.Many(12).Select((customer, i) => i % 4 == 3 ? customer with { Key = "k000" } : customer).ToList();
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 12, Added = 9, Duplicates = 3 });
        await AssertVendorKnowsAsync(customers.DistinctBy(customer => customer.Key));
        Assert.That((await SentSinceAsync(0)).Count(key => key == "k000"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_later_row_with_the_key_of_a_delivered_one_is_a_duplicate_in_another_run_too()
    {
        var first = Customer.One(5);
        Stage.Put(first);
        await DeliverAsync(new RunCounts { Read = 1, Added = 1 });
        Stage.Put(Customer.One(1) with { Key = first.Key });
        await DeliverAsync(new RunCounts { Read = 1, Duplicates = 1 });
        await AssertVendorKnowsAsync(first);
    }

    [Test]
    public async Task When_the_holder_of_a_key_leaves_a_duplicate_takes_its_place_and_nobody_is_taken_out()
    {
        var holder = Customer.One(1);
        var duplicate = Customer.One(2) with { Key = holder.Key };
        var bystander = Customer.One(3);
        Stage.Put(holder, duplicate, bystander);
        await DeliverAsync(new RunCounts { Read = 3, Added = 2, Duplicates = 1 });
        var before = await CountRequestsAsync();
        Stage.Remove(holder);
        await DeliverAsync(new RunCounts { Read = 2, Added = 1, Unchanged = 1 });
        await AssertVendorKnowsAsync(duplicate, bystander);
        Assert.That((await Vendor.RequestsAsync(Token)).Skip(before).SelectMany(request => request.Leavers), Is.Empty);
    }

    [Test]
    public async Task When_the_holder_of_a_key_is_refused_the_next_one_is_delivered()
    {
        var refused = Customer.One(1);
        var next = Customer.One(2) with { Key = refused.Key };
        Stage.Put(refused, next);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Count: 1, Key: refused.Key), Token);
        var run = await DeliverAsync(new RunCounts { Read = 2, Added = 1, Rejected = 1 });
        await AssertVendorKnowsAsync(next);
        Assert.That(Stage.Exports.RejectedOf(run.Name).Keys, Is.EqualTo(new[] { refused.Id }));
    }

    [Test]
    public async Task A_key_that_goes_from_who_leaves_to_who_joins_stays()
    {
        var leaver = Customer.One(1);
        var bystander = Customer.One(2);
        Stage.Put(leaver, bystander);
        await DeliverAsync(new RunCounts { Read = 2, Added = 2 });
        var joiner = Customer.One(7) with { Key = leaver.Key };
        Stage.Remove(leaver);
        Stage.Put(joiner);
        var run = await Stage.RunAsync(Token);
        AssertAddsUp(run);
        await AssertVendorKnowsAsync(bystander, joiner);
        Assert.That((await Vendor.RequestsAsync(Token)).SelectMany(request => request.Leavers), Is.Empty);
    }

    [Test]
    public async Task Who_gets_another_key_is_known_under_the_new_one_only()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 6, Added = 6 });
        var moved = customers[3] with { Key = "another" };
        Stage.Put(moved);
        await DeliverAsync(new RunCounts { Read = 1, Updated = 1 });
        await AssertVendorKnowsAsync([.. customers.Where((_, i) => i != 3), moved]);
    }

    [Test]
    public async Task Two_who_swap_their_keys_both_end_inside()
    {
        var (first, second) = (Customer.One(1), Customer.One(2));
        Stage.Put(first, second);
        await DeliverAsync(new RunCounts { Read = 2, Added = 2 });
        var (swapped, other) = (first with { Key = second.Key }, second with { Key = first.Key });
        Stage.Put(swapped, other);
        await Stage.RunAsync(Token);
        await Stage.RunAsync(Token);
        await AssertVendorKnowsAsync(swapped, other);
    }

    // Others' rows are not ours to take out (lessons §4: "deletes rows it never wrote").
    [Test]
    public async Task Whom_somebody_else_put_in_is_never_taken_out()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 6, Added = 6 });
        await Vendor.AddForeignAsync("foreign", Token);
        Stage.Remove(customers);
        await DeliverAsync(new RunCounts { Removed = 6 }, fullComparison: true);
        Assert.That((await Vendor.ReadAsync(Token)).Keys, Is.EqualTo(new[] { "foreign" }));
    }

    [Test]
    public async Task An_optional_field_that_becomes_empty_is_cleared_once()
    {
        var customer = Customer.One(1);
        Stage.Put(customer);
        await DeliverAsync(new RunCounts { Read = 1, Added = 1 });
        Stage.Put(customer with { Name = "" });
        await DeliverAsync(Renamed(new RunCounts { Read = 1, Updated = 1 }));
        await AssertVendorKnowsAsync(customer with { Name = "" });
        Stage.Put(customer with { Name = "" });
        await DeliverAsync(new RunCounts { Read = 1, Unchanged = 1 });
    }
}
