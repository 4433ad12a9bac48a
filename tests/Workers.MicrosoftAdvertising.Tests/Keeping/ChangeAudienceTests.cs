using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Contract;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>D-09: a list is renamed with its segment, by call or, where that is refused, by a row of a file.</summary>
public sealed class ChangeAudienceTests(Engine engine) : AdvertisingTests(engine)
{
    private const string NewName = "Gäste, \"treu\" & neu";

    [Test]
    public async Task A_list_is_renamed_with_its_segment([Values] bool takesCalls)
    {
        await StartAsync();
        var customers = await DeliverAsync(4);
        var before = await ListAsync(Names[First]);
        await Control.SetAsync(MicrosoftAdvertisingVendor.Behaviour with { UpdatesCustomerLists = takesCalls }, Token);
        Names[First] = NewName;
        var place = await PlaceAsync();
        await SucceedAsync();

        var list = await ListAsync(NewName);
        Assert.That(list, Is.EqualTo(before with { Name = NewName }), "the same list, and nothing else of it changes");
        await AssertHoldsAsync(First, HashesOf(customers));
        var uploads = (await JournalAsync(place)).Where(entry => entry.Operation == MicrosoftAdvertisingOperations.UploadBulkFile).ToList();
        Assert.That(uploads, Has.Count.EqualTo(takesCalls ? 0 : 1));
        Assert.That((await EffectsSinceAsync(place)).Select(effect => effect.Items), Is.All.Zero, "of a row of a list alone");

        place = await PlaceAsync();
        await SucceedAsync();
        Assert.That((await JournalAsync(place)).Select(entry => entry.Operation), Is.EqualTo(new[] { MicrosoftAdvertisingOperations.GetAudiencesByIds }), "once");
    }

    [Test]
    public async Task The_duration_is_changed_like_the_name([Values] bool takesCalls)
    {
        await StartAsync();
        await DeliverAsync(4);
        await Control.SetAsync(MicrosoftAdvertisingVendor.Behaviour with { UpdatesCustomerLists = takesCalls }, Token);
        Settings.MembershipDurationDays = -1;
        await SucceedAsync();
        Assert.That((await ListAsync(Names[First])).MembershipDuration, Is.EqualTo(-1));
    }

    // A call can also be refused as a whole: its page does not say how.
    [TestCase(4859, 400)]
    [TestCase(99_999, 400)]
    [TestCase(99_999, 404)]
    [TestCase(99_999, 405)]
    public async Task A_call_that_is_refused_as_a_whole_leaves_it_to_the_file(int code, int status)
    {
        await StartAsync();
        await DeliverAsync(4);
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = code, RefusalStatus = status, Operation = MicrosoftAdvertisingOperations.UpdateAudiences }, Token);
        Names[First] = NewName;
        await SucceedAsync();
        Assert.That((await Control.ListsAsync(Token)).Single().Name, Is.EqualTo(NewName));
    }

    [TestCase(FaultKind.Refuse, MicrosoftAdvertisingOperations.GetBulkUploadUrl)]
    [TestCase(FaultKind.Refuse, MicrosoftAdvertisingOperations.UploadBulkFile)]
    [TestCase(FaultKind.EndUpload, MicrosoftAdvertisingOperations.UploadBulkFile)]
    [TestCase(FaultKind.HoldUpload, MicrosoftAdvertisingOperations.GetBulkUploadStatus)]
    [TestCase(FaultKind.DropAfter, MicrosoftAdvertisingOperations.GetBulkUploadStatus)]
    public async Task A_list_that_cannot_be_renamed_stops_no_run_and_is_tried_again(FaultKind kind, string operation)
    {
        await StartAsync();
        var customers = await DeliverAsync(4);
        await Control.SetAsync(MicrosoftAdvertisingVendor.Behaviour with { UpdatesCustomerLists = false }, Token);
        await Control.AddFaultAsync(new FaultRule { Kind = kind, Code = 4204, Operation = operation }, Token);
        Names[First] = NewName;
        Stage.Put(Customer.One(9));
        var run = await SucceedAsync();
        Assert.That(run.Counts.Added, Is.EqualTo(1));
        Assert.That(Stage.Worker.Logs.Records.Any(record => record.Text.Contains("keeps its name", StringComparison.Ordinal)), Is.True, "it is told");

        await Control.ClearFaultsAsync(Token);
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf([.. customers, Customer.One(9)]));
    }

    [Test]
    public async Task A_name_that_is_taken_ends_the_run_and_both_lists_keep_theirs([Values] bool takesCalls)
    {
        await StartAsync();
        await DeliverAsync(4);
        await Control.SetAsync(MicrosoftAdvertisingVendor.Behaviour with { UpdatesCustomerLists = takesCalls }, Token);
        await Control.CreateListAsync(new NewList { Name = "Taken", Scope = ListScope.Customer }, Token);
        var (old, names) = (Names[First], (await Control.ListsAsync(Token)).Select(list => list.Name));
        Names[First] = "Taken";
        Stage.Put(Customer.One(9));
        var run = await FailAsync("AUDIENCE_NAME_TAKEN");
        Assert.That(run.Message, Is.Not.Empty);
        Assert.That((await Control.ListsAsync(Token)).Select(list => list.Name), Is.EqualTo(names));
        Names[First] = old;
        await SucceedAsync();
        Assert.That((await ListAsync(old)).Members, Is.EqualTo(5));
    }

    [Test]
    public async Task A_rename_whose_answer_is_lost_is_repeated()
    {
        await StartAsync();
        await DeliverAsync(4);
        await Control.LoseNextAnswerAsync(MicrosoftAdvertisingOperations.UpdateAudiences, Token);
        Names[First] = NewName;
        await SucceedAsync();
        Assert.That((await Control.ListsAsync(Token)).Single().Name, Is.EqualTo(NewName));
    }

    [Test]
    public async Task A_sign_in_that_is_refused_marks_the_connection()
    {
        await StartAsync();
        await DeliverAsync(4);
        Names[First] = NewName;
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 120, Operation = MicrosoftAdvertisingOperations.UpdateAudiences }, Token);
        await FailAsync("CREDENTIAL_FORBIDDEN");
        Assert.That(Stage.Connections.Refused.Single().Reason, Is.EqualTo("CREDENTIAL_FORBIDDEN"));
    }
}
