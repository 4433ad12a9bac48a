using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>D-09: one list for each segment, ours or taken over with consent, found again, renamed, never made twice.</summary>
public sealed class KeepAudiencesTests(Engine engine) : AdvertisingTests(engine)
{
    private const string Foreigner = "0000000000000000000000000000000000000000000000000000000000000001";

    [Test]
    public async Task Each_segment_has_a_list_of_its_own_with_its_name_for_the_whole_customer()
    {
        await StartAsync();
        Stage.Export.Segments.Add(Second);
        await DeliverAsync(4);
        var lists = await Control.ListsAsync(Token);
        Assert.That(lists.Select(list => list.Name), Is.EquivalentTo(Names.Values));
        Assert.That(lists.Select(list => (list.Scope, list.CustomerId, list.Description![..25])).Distinct().Single(), Is.EqualTo((ListScope.Customer, 1_000_001L, "Kept by CustomerInsights ")));
        Assert.That(lists.Select(list => list.Description).Distinct().Count(), Is.EqualTo(2), "each has a mark of its own");
        await SucceedAsync();
        Assert.That((await Control.ListsAsync(Token)).Select(list => list.Id), Is.EqualTo(lists.Select(list => list.Id)), "and keeps it");
    }

    [Test]
    public async Task A_list_whose_creation_was_not_answered_is_found_and_not_made_again()
    {
        await StartAsync();
        await Control.LoseNextAnswerAsync(MicrosoftAdvertisingOperations.AddAudiences, Token);
        var customers = await DeliverAsync(4);
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(1));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_list_whose_creation_was_not_answered_before_the_worker_died_is_found_and_not_made_again()
    {
        await StartAsync();
        var customers = Customer.Many(4);
        Stage.Put(customers);
        await Control.LoseNextAnswerAsync(MicrosoftAdvertisingOperations.AddAudiences, Token);
        var silence = new FaultRule { Kind = FaultKind.Delay, Operation = MicrosoftAdvertisingOperations.GetAudiencesByIds, DelayMilliseconds = 60_000, Count = 1 };
        silence = await Control.AddFaultAsync(silence, Token);
        var run = await AskAsync();
        await SeenAsync(MicrosoftAdvertisingOperations.AddAudiences, 0);
        await HitAsync(silence);
        await Stage.RestartAsync(Clock, Token);
        Assert.That((await Stage.EndedAsync(run, Token)).State, Is.EqualTo(RunState.Successful));
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(1));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_creation_that_never_arrived_is_repeated()
    {
        await StartAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.DropBefore, Operation = MicrosoftAdvertisingOperations.AddAudiences, Count = 2 }, Token);
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 0, Operation = MicrosoftAdvertisingOperations.AddAudiences, Count = 1 }, Token);
        var customers = await DeliverAsync(4);
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_list_of_the_same_name_is_left_alone_unless_the_export_says_otherwise()
    {
        await StartAsync();
        var theirs = await PutForeignListAsync("vip, \"GOLD\"");
        Stage.Put(Customer.Many(4));
        var run = await FailAsync("AUDIENCE_NAME_TAKEN");
        Assert.That(run.Message, Does.Contain("adopt_existing"));
        Assert.That(await MembersAsync(theirs), Is.EqualTo(new[] { Foreigner }));
        Assert.That(await Control.FindListAsync(theirs.Id, Token), Is.EqualTo(theirs), "nothing of it has changed");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_list_that_is_taken_over_with_consent_becomes_the_mirror_of_the_segment(bool byFile)
    {
        await StartAsync(byFile);
        var theirs = await PutForeignListAsync("vip, \"GOLD\"");
        Settings.AdoptExisting = true;
        var customers = await DeliverAsync(4);
        var list = await ListAsync(Names[First]);
        Assert.That((list.Id, list.MembershipDuration), Is.EqualTo((theirs.Id, 390)));
        Assert.That(list.Description, Does.StartWith("Kept by CustomerInsights"));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    // 4853 for a name that none of the lists has: an audience of another kind has it.
    [TestCase(false)]
    [TestCase(true)]
    public async Task A_name_that_an_unseen_audience_has_ends_the_run_with_what_to_do(bool adopt)
    {
        await StartAsync();
        Settings.AdoptExisting = adopt;
        Stage.Put(Customer.Many(4));
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 4853, Operation = MicrosoftAdvertisingOperations.AddAudiences, Count = 1 }, Token);
        await FailAsync("AUDIENCE_NAME_TAKEN");
        await SucceedAsync();
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(1));
    }

    // Two segments of one name would take out each other's members for ever.
    [Test]
    public async Task The_list_of_another_segment_is_never_taken_over()
    {
        await StartAsync();
        Settings.AdoptExisting = true;
        var customers = await DeliverAsync(4);
        var list = await ListAsync(Names[First]);
        Names[Second] = Names[First];
        var run = await FailAsync("AUDIENCE_OF_ANOTHER_SEGMENT", assignment => (assignment.Export.Segments[0], assignment.ExportUid) = (Second, "uid-2"));
        Assert.That(run.Message, Is.Not.Empty);
        Assert.That(await Control.FindListAsync(list.Id, Token), Is.EqualTo(list));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_list_that_was_deleted_by_hand_is_made_anew_and_filled()
    {
        await StartAsync();
        var customers = await DeliverAsync(4);
        var gone = await ListAsync(Names[First]);
        await DeleteByHandAsync(gone);
        await SucceedAsync();
        Assert.That((await ListAsync(Names[First])).Id, Is.Not.EqualTo(gone.Id));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_list_that_was_deleted_is_filled_also_when_it_could_not_be_made_at_once()
    {
        await StartAsync();
        var customers = await DeliverAsync(4);
        await DeleteByHandAsync(await ListAsync(Names[First]));
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 4865, Operation = MicrosoftAdvertisingOperations.AddAudiences, Count = 1 }, Token);
        await FailAsync("TOO_MANY_AUDIENCES");
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_list_that_was_deleted_is_filled_also_when_another_one_of_the_export_stops_the_run()
    {
        await StartAsync();
        Stage.Export.Segments.Add(Second);
        var customers = await DeliverAsync(4);
        await DeleteByHandAsync(await ListAsync(Names[First]));
        var taken = await PutForeignListAsync("Taken");
        Names[Second] = taken.Name;
        await FailAsync("AUDIENCE_NAME_TAKEN");
        Names[Second] = "Free";
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf(customers));
        await AssertHoldsAsync(Second, HashesOf(customers));
    }

    // D-08: what was sent under a ledger that is gone is nobody's any more.
    [Test]
    public async Task A_list_that_an_export_without_a_ledger_finds_is_replaced()
    {
        await StartAsync();
        var customers = await DeliverAsync(6);
        var list = await ListAsync(Names[First]);
        Stage.Remove(customers.Take(2));
        ExportUid = "uid-2";
        await SucceedAsync();
        Assert.That((await ListAsync(Names[First])).Id, Is.EqualTo(list.Id));
        await AssertHoldsAsync(First, HashesOf(customers.Skip(2)));
        var place = await PlaceAsync();
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.Empty, "once");
    }

    // With nobody in the segment there is nobody to send, and those who stand in the list have to go all the same.
    [Test]
    public async Task A_list_that_an_empty_segment_takes_over_is_emptied()
    {
        await StartAsync();
        await PutForeignListAsync("vip, \"GOLD\"");
        Settings.AdoptExisting = true;
        await SucceedAsync();
        await AssertHoldsAsync(First);
    }

    [Test]
    public async Task A_list_that_an_export_without_a_ledger_finds_is_emptied_with_its_segment()
    {
        await StartAsync();
        Stage.Remove(await DeliverAsync(6));
        ExportUid = "uid-2";
        await SucceedAsync();
        await AssertHoldsAsync(First);
        var place = await PlaceAsync();
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.Empty, "once");
    }

    // Migration 0002: what was made before it belongs to the ledger that there is.
    [Test]
    public async Task A_list_of_an_earlier_version_is_not_replaced()
    {
        await StartAsync();
        var customers = await DeliverAsync(6);
        await Stage.Worker.Database.WriteAsync(transaction => transaction.ExecuteAsync("UPDATE remote_audiences SET ledger = NULL"), Token);
        var place = await PlaceAsync();
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.Empty);
        await AssertHoldsAsync(First, HashesOf(customers));
        ExportUid = "uid-2";
        await SucceedAsync();
        Assert.That((await EffectsSinceAsync(place)).Single().Action, Is.EqualTo("Replace"), "from now on it is known whose it is");
    }

    [Test]
    public async Task A_destination_that_wants_to_be_left_alone_for_years_is_asked_again_all_the_same()
    {
        await StartAsync();
        await using var clock = new HurryingClock();
        await Stage.RestartAsync(clock.Time, Token);
        var fault = new FaultRule { Kind = FaultKind.Status, Status = 429, RetryAfterSeconds = int.MaxValue, Operation = MicrosoftAdvertisingOperations.AddAudiences, Count = 1 };
        await Control.AddFaultAsync(fault, Token);
        var customers = await DeliverAsync(4);
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    private async Task<ListView> PutForeignListAsync(string name)
    {
        var list = await Control.CreateListAsync(new NewList { Name = name, Description = "somebody else's", Scope = ListScope.Customer }, Token);
        await Control.AddMembersAsync(list.Id, [Foreigner], Token);
        return (await Control.FindListAsync(list.Id, Token))!;
    }
}
