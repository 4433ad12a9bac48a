using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.TestKit;
using Grpc.Core;

namespace CustomerInsights.Destinations.Contract;

/// <summary>It reports per row: one bad row never blocks the others, and none is lost without a reason.</summary>
public abstract partial class DestinationContract
{
    // Lessons 2.2: one shared set of errors for a batch made every row of it look refused.
    [Test]
    public async Task Only_the_refused_rows_of_a_request_are_rejected()
    {
        var customers = Customer.Many(3);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[0].Key), Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[2].Key), Token);
        var run = await DeliverAsync(new RunCounts { Read = 3, Added = 1, Rejected = 2 });
        await AssertVendorKnowsAsync(customers[1]);
        Assert.That(Stage.Exports.RejectedOf(run.Name), Is.EquivalentTo(new Dictionary<string, string>
        {
            [customers[0].Id] = Vendor.RefusedReason, [customers[2].Id] = Vendor.RefusedReason,
        }));
    }

    [Test]
    public async Task A_request_whose_rows_are_all_refused_is_no_failure_of_the_run()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        foreach (var customer in customers.Take(5))
        {
            await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customer.Key), Token);
        }

        await DeliverAsync(new RunCounts { Read = 6, Added = 1, Rejected = 5 });
        await AssertVendorKnowsAsync(customers[5]);
    }

    // Lessons 2.5 and 2.7: failed rows were skipped for ever, and the run called itself a success without counting them.
    [Test]
    public async Task A_refused_row_is_counted_until_it_is_delivered_and_sent_again_when_it_changes_or_everything_is_compared()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[2].Key), Token);
        await DeliverAsync(new RunCounts { Read = 6, Added = 5, Rejected = 1 });
        var before = await CountRequestsAsync();

        Stage.Put(customers[2]);
        var unchanged = await DeliverAsync(new RunCounts { Read = 1, Rejected = 1 });
        Assert.That(await CountRequestsAsync(), Is.EqualTo(before), "nothing changed, nothing is sent");
        Assert.That(Stage.Exports.RejectedOf(unchanged.Name).Keys, Is.EqualTo(new[] { customers[2].Id }), "but it stays on the list");

        var changed = customers[2] with { Name = "another name" };
        Stage.Put(changed);
        await DeliverAsync(new RunCounts { Read = 1, Rejected = 1 });
        await Vendor.HealAsync(Token);
        await DeliverAsync(new RunCounts { Read = 6, Added = 1, Unchanged = 5 }, fullComparison: true);
        await AssertVendorKnowsAsync([.. customers.Where((_, i) => i != 2), changed]);
    }

    [Test]
    public async Task A_refused_update_leaves_what_was_delivered_and_the_row_can_still_leave()
    {
        var customers = Customer.Many(3);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 3, Added = 3 });
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[1].Key, Count: 1), Token);
        Stage.Put(customers[1] with { Name = "another name" });
        await DeliverAsync(Vendor.CarriesValues ? new RunCounts { Read = 1, Rejected = 1 } : new RunCounts { Read = 1, Unchanged = 1 });
        await Vendor.HealAsync(Token);
        await AssertVendorKnowsAsync(customers);
        Stage.Remove(customers[1]);
        await DeliverAsync(new RunCounts { Removed = 1 });
        await AssertVendorKnowsAsync(customers[0], customers[2]);
    }

    // Lessons 2.15: an error that names no row says nothing good about the others.
    [Test]
    public async Task An_error_that_names_no_row_still_gives_every_row_its_own_outcome()
    {
        var customers = Customer.Many(13);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRowUnnamed, Key: customers[3].Key), Token);
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRowUnnamed, Key: customers[11].Key), Token);
        var run = await DeliverAsync(new RunCounts { Read = 13, Added = 11, Rejected = 2 });
        await AssertVendorKnowsAsync(customers.Where((_, i) => i is not (3 or 11)));
        Assert.That(Stage.Exports.RejectedOf(run.Name).Keys, Is.EquivalentTo(new[] { customers[3].Id, customers[11].Id }));
    }

    [Test]
    public async Task A_member_without_an_address_is_skipped_with_its_reason_until_it_has_one()
    {
        var customers = Customer.Many(4);
        Stage.Put([.. customers.Take(3), customers[3] with { Email = "" }]);
        var run = await DeliverAsync(new RunCounts { Read = 4, Added = 3, Skipped = 1 });
        Assert.That(Stage.Exports.RejectedOf(run.Name), Is.EqualTo(new Dictionary<string, string> { [customers[3].Id] = Vendor.NoAddressReason }));
        Stage.Put(customers[3]);
        await DeliverAsync(new RunCounts { Read = 1, Added = 1 });
        await AssertVendorKnowsAsync(customers);
    }

    [Test]
    public async Task A_member_that_loses_its_address_is_taken_out()
    {
        var customers = Customer.Many(4);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 4, Added = 4 });
        Stage.Put(customers[2] with { Email = "" });
        await DeliverAsync(new RunCounts { Read = 1, Skipped = 1, Removed = 1 });
        await AssertVendorKnowsAsync(customers.Where((_, i) => i != 2));
    }

    [Test]
    public async Task A_refused_removal_is_counted_and_blocks_nobody()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 6, Added = 6 });
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[1].Key), Token);
        Stage.Remove(customers.Take(3));
        var run = await DeliverAsync(new RunCounts { Removed = 2, RemovalsRejected = 1 });
        await AssertVendorKnowsAsync(customers[1], customers[3], customers[4], customers[5]);
        Assert.That(Stage.Exports.RejectedOf(run.Name), Is.EqualTo(new Dictionary<string, string> { [customers[1].Id] = Vendor.RefusedReason }));
    }

    // Whoever was not taken out has the mark still: forgetting that would leave it there for good.
    [Test]
    public async Task A_refused_removal_is_counted_and_tried_again_until_it_is_done()
    {
        var customers = Customer.Many(6);
        Stage.Put(customers);
        await DeliverAsync(new RunCounts { Read = 6, Added = 6 });
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[1].Key), Token);
        Stage.Remove(customers[1]);
        await DeliverAsync(new RunCounts { RemovalsRejected = 1 });
        var again = await DeliverAsync(new RunCounts { RemovalsRejected = 1 });
        Assert.That(Stage.Exports.RejectedOf(again.Name).Keys, Is.EqualTo(new[] { customers[1].Id }));
        Assert.That(again.Counts.Requests, Is.EqualTo(Vendor.RequestsFor(1)), "once in a run");
        await Vendor.HealAsync(Token);
        await DeliverAsync(new RunCounts { Removed = 1 });
        await AssertVendorKnowsAsync(customers.Where((_, i) => i != 1));
        await DeliverAsync(new RunCounts());
    }

    // Lessons 2.5: rows that were given up are not sent again, so none may be given up for a fault that is not its own.
    [TestCase(VendorFaultKind.RefuseRequest, 1)]
    [TestCase(VendorFaultKind.RefuseRequest, 12)]
    [TestCase(VendorFaultKind.TooLarge, 1)]
    [TestCase(VendorFaultKind.TooLarge, 12)]
    public async Task A_request_that_is_refused_as_such_costs_no_row_and_fails_the_run(VendorFaultKind kind, int count)
    {
        var customers = Customer.Many(count);
        Stage.Put(customers);
        await Vendor.InjectAsync(new VendorFault(kind), Token);
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "DESTINATION_REFUSES_REQUEST")));
        Assert.That(Stage.Exports.RejectedOf(run.Name), Is.Empty);
        await Vendor.HealAsync(Token);
        await DeliverAsync(new RunCounts { Read = count, Added = count });
        await AssertVendorKnowsAsync(customers);
    }

    [TestCase(VendorFaultKind.Unauthorized, "CREDENTIAL_UNKNOWN")]
    [TestCase(VendorFaultKind.Forbidden, "CREDENTIAL_FORBIDDEN")]
    public async Task A_refused_credential_ends_the_run_at_once_and_marks_the_connection(VendorFaultKind kind, string reason)
    {
        Stage.Put(Customer.Many(40));
        await Vendor.InjectAsync(new VendorFault(kind), Token);
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, reason)));
        Assert.That(run.Message, Is.Not.Empty);
        Assert.That(run.Counts.Requests, Is.LessThanOrEqualTo(Vendor.RequestsInFlight), "no repetition");
        var marked = Stage.Connections.Refused.Single();
        Assert.That((marked.Name, marked.Run, marked.Reason), Is.EqualTo((Stage.Export.Connection, run.Name, reason)));
        await Vendor.HealAsync(Token);
        await DeliverAsync(new RunCounts { Read = 40, Added = 40 });
    }

    [TestCase("EXPORT_USER_INVALID")]
    [TestCase("CONNECTION_NEEDS_ATTENTION")]
    public async Task A_credential_that_is_withheld_ends_the_run_with_the_reason(string reason)
    {
        Stage.Put(Customer.Many(3));
        Stage.Connections.Refusal = Refused(reason);
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason, run.Message), Is.EqualTo((RunState.Failed, reason, "In words.")));
        Assert.That(await CountRequestsAsync(), Is.Zero);
        Assert.That(Stage.Connections.Refused, Is.Empty, "the destination has refused nothing");
    }

    // A run that cannot be ended keeps its export from ever running again.
    [Test]
    public async Task A_connection_that_is_removed_during_a_run_does_not_keep_the_run_from_ending()
    {
        Stage.Put(Customer.Many(3));
        await Vendor.InjectAsync(new VendorFault(VendorFaultKind.Unauthorized), Token);
        Stage.Connections.ReportRefusal = Refusal.NotFound(Stage.Export.Connection).ToRpcException();
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "CREDENTIAL_UNKNOWN")));
    }

    [TestCase(StatusCode.PermissionDenied)]
    [TestCase(StatusCode.InvalidArgument)]
    [TestCase(StatusCode.Unimplemented)]
    public async Task A_call_that_another_service_refuses_for_good_ends_the_run_with_a_reason(StatusCode status)
    {
        var refusal = new RpcException(new Status(status, "No."));
        Stage.Worker.Logs.Announce("refused for good");
        Stage.Put(Customer.Many(3).Append(Customer.One(4) with { Email = "" }));
        Stage.Connections.Refusal = refusal;
        await AssertFailsAsync("SERVICE_REFUSED");
        Stage.Connections.Refusal = null;
        Stage.Exports.RowsRefusal = refusal;
        await AssertFailsAsync("REPORT_REFUSED");
        Stage.Exports.RowsRefusal = null;
        Stage.Exports.BeginRefusal = refusal;
        await AssertFailsAsync("REPORT_REFUSED");

        async Task AssertFailsAsync(string reason)
        {
            var run = await Stage.RunAsync(Token);
            Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, reason)));
            Assert.That(run.Message, Is.Not.Empty);
        }
    }

    [Test]
    public async Task Members_that_cannot_be_read_as_defined_end_the_run_with_the_reason()
    {
        Stage.Put(Customer.Many(3));
        Stage.Segments.Refusal = Refused("ATTRIBUTE_UNKNOWN");
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "ATTRIBUTE_UNKNOWN")));
    }

    // A segment that is deleted while its members come: what was sent until then was sent.
    [Test]
    public async Task Members_that_are_refused_in_the_middle_end_the_run_with_what_was_delivered()
    {
        Stage.Put(Customer.Many(60));
        Stage.Segments.BeforePage = async (page, _) =>
        {
            if (page == 6)
            {
                await Eventually.TrueAsync(async () => Vendor.WritesDown || await CountRequestsAsync() > 2, "some requests are through", cancellationToken: Token);
                throw Refused("SEGMENT_GONE");
            }
        };
        var run = await Stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, "SEGMENT_GONE")));
        AssertAddsUp(run);
        Assert.That(run.Counts.Added, Is.EqualTo((await Vendor.ReadAsync(Token)).Count));
        Assert.That(run.Counts.Added, Vendor.WritesDown ? Is.Zero : Is.GreaterThan(5));
    }

    private static RpcException Refused(string reason) => Refusal.Precondition(reason, "In words.").ToRpcException();
}
