using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

/// <summary>What the Bulk service says in the end of a file is not asked for again.</summary>
public sealed class FileFateTests(Engine engine) : AdvertisingTests(engine)
{
    // 117, 0 and 105 in a result: a trouble that passes, or that the next call will tell of. The result itself will never say anything else.
    [TestCase(117)]
    [TestCase(0)]
    [TestCase(105)]
    public async Task A_result_that_tells_of_a_passing_trouble_is_read_once_and_the_file_sent_again(int code)
    {
        await StartAsync(byFile: true);
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        var customers = Customer.Many(4);
        Stage.Put(customers);
        await Control.AddFaultAsync(
            new FaultRule { Kind = FaultKind.Reject, Hashes = [HashOf(customers[1])], Code = code, Operation = MicrosoftAdvertisingOperations.UploadBulkFile, Count = 1 }, Token);
        var run = await SucceedAsync();
        Assert.That((run.Counts.Added, run.Counts.Rejected), Is.EqualTo((4, 0)));
        await AssertHoldsAsync(First, HashesOf(customers));
        var journal = await JournalAsync(0);
        Assert.That(journal.Count(entry => entry.Operation == MicrosoftAdvertisingOperations.UploadBulkFile), Is.EqualTo(2));
        Assert.That(journal.Count(entry => entry.Operation == MicrosoftAdvertisingOperations.DownloadBulkResult), Is.LessThanOrEqualTo(2));
        Assert.That(Stage.Connections.Refused, Is.Empty, "no call was refused for the sign-in");
    }

    // There are errors, and nobody says which: what was in the file goes by calls, which are answered one by one.
    [Test]
    public async Task A_file_that_ended_with_errors_and_without_a_result_is_sent_by_calls()
    {
        await StartAsync(byFile: true);
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        var customers = Customer.Many(4);
        Stage.Put(customers);
        await Control.AddFaultAsync(
            new FaultRule { Kind = FaultKind.EndUpload, RequestStatus = "CompletedWithErrors", Operation = MicrosoftAdvertisingOperations.UploadBulkFile, Count = 1 }, Token);
        var run = await SucceedAsync();
        Assert.That((run.Counts.Read, run.Counts.Added), Is.EqualTo((4, 4)));
        await AssertHoldsAsync(First, HashesOf(customers));
        Assert.That((await JournalAsync(0)).Count(entry => entry.Operation == MicrosoftAdvertisingOperations.ApplyCustomerListUserData), Is.EqualTo(1));
    }

    // An internal error of an item is the vendor's, and passes.
    [Test]
    public async Task An_internal_error_of_an_item_costs_a_call_and_nobody()
    {
        await StartAsync();
        var customers = Customer.Many(4);
        Stage.Put(customers);
        await Control.AddFaultAsync(
            new FaultRule { Kind = FaultKind.Reject, Hashes = [HashOf(customers[1])], Code = 0, Operation = MicrosoftAdvertisingOperations.ApplyCustomerListUserData, Count = 1 }, Token);
        var run = await SucceedAsync();
        Assert.That((run.Counts.Added, run.Counts.Rejected), Is.EqualTo((4, 0)));
        await AssertHoldsAsync(First, HashesOf(customers));
    }
}
