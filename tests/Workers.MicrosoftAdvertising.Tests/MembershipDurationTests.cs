using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.Workers.MicrosoftAdvertising.Staging;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>D-14, MSA-26: members never expire behind the ledger's back.</summary>
public sealed class MembershipDurationTests(Engine engine) : AdvertisingTests(engine)
{
    private static readonly (string, string?, int) Everybody = (MicrosoftAdvertisingOperations.ProcessBulkFile, "Replace", 4);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [TestCase(0, ExpectedResult = 390)]
    [TestCase(1, ExpectedResult = 1)]
    [TestCase(390, ExpectedResult = 390)]
    [TestCase(-1, ExpectedResult = -1)]
    public async Task<int> The_duration_is_always_set(int days)
    {
        await StartAsync();
        Settings.MembershipDurationDays = days;
        await DeliverAsync(1);
        return (await ListAsync(Names[First])).MembershipDuration;
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Everybody_is_sent_again_when_half_of_it_is_over_and_no_earlier(bool byFile)
    {
        await StartAsync(byFile);
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        var place = await PlaceAsync();

        Clock.Jump(TimeSpan.FromDays(15) - Hour);
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.Empty, "an hour before");
        Clock.Jump(2 * Hour);
        var run = await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.EqualTo(new[] { Everybody }), "an hour after");
        Assert.That((run.Counts.Added, run.Counts.Removed), Is.EqualTo((0, 0)), "it is no change");

        // Counted from there: the first sending would be over now.
        Clock.Jump(TimeSpan.FromDays(15) - Hour);
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Has.Count.EqualTo(1));
        await AssertHoldsAsync(First, HashesOf(customers));
        Clock.Jump(2 * Hour);
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.EqualTo(new[] { Everybody, Everybody }));
    }

    [Test]
    public async Task Whoever_joined_and_left_meanwhile_is_in_the_same_sending()
    {
        await StartAsync();
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        var place = await PlaceAsync();
        Clock.Jump(TimeSpan.FromDays(16));
        Stage.Remove(customers[0]);
        Stage.Put(Customer.One(9));
        var run = await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.EqualTo(new[] { Everybody }));
        Assert.That((run.Counts.Added, run.Counts.Removed, run.SegmentCounts.Single().Removed), Is.EqualTo((1, 1, 1)));
        await AssertHoldsAsync(First, HashesOf([.. customers.Skip(1), Customer.One(9)]));
    }

    [Test]
    public async Task A_worker_that_was_down_for_too_long_brings_back_whoever_has_expired()
    {
        await StartAsync();
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        await Stage.Worker.StopAsync(Token);
        Clock.Jump(TimeSpan.FromDays(40));
        await AssertHoldsAsync(First);
        await Stage.RestartAsync(Clock, Token);
        await SucceedAsync();
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    // The run was asked for before the moment, and is gone on with after it.
    [Test]
    public async Task A_run_that_was_put_down_over_the_moment_sends_everybody_too()
    {
        await StartAsync();
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        var place = await PlaceAsync();
        Clock.Jump(TimeSpan.FromDays(14));
        Stage.Put(Customer.One(9));
        var silence = new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 60_000, Operation = MicrosoftAdvertisingOperations.GetAudiencesByIds, Count = 1 };
        silence = await Control.AddFaultAsync(silence, Token);
        var run = await AskAsync();
        await Task.WhenAny(Stage.EndedAsync(run, Token), HitAsync(silence));
        await Stage.Worker.StopAsync(Token);
        Clock.Jump(TimeSpan.FromDays(2));
        await Stage.RestartAsync(Clock, Token);
        await Stage.EndedAsync(run, Token);
        Assert.That((await EffectsSinceAsync(place)).Select(effect => effect.Action), Is.EqualTo(new[] { "Replace" }));
        await AssertHoldsAsync(First, HashesOf([.. customers, Customer.One(9)]));
    }

    [Test]
    public async Task A_sending_that_failed_is_made_up_for_by_the_next_run()
    {
        await StartAsync();
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        Clock.Jump(TimeSpan.FromDays(16));
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 3223, Operation = MicrosoftAdvertisingOperations.UploadBulkFile, Count = 1 }, Token);
        await FailAsync("FILE_FORMAT_REFUSED");
        Clock.Jump(TimeSpan.FromDays(10));
        await SucceedAsync();
        Clock.Jump(TimeSpan.FromDays(10));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task Who_never_expires_is_never_sent_again()
    {
        await StartAsync();
        Settings.MembershipDurationDays = -1;
        var customers = await DeliverAsync(4);
        var place = await PlaceAsync();
        Clock.Jump(TimeSpan.FromDays(2_000));
        await SucceedAsync();
        Assert.That(await EffectsSinceAsync(place), Is.Empty);
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    [Test]
    public async Task A_duration_that_is_shortened_counts_from_the_last_sending()
    {
        await StartAsync();
        var customers = await DeliverAsync(4);
        Clock.Jump(TimeSpan.FromDays(100));
        Settings.MembershipDurationDays = 30;
        await SucceedAsync();
        Assert.That((await ListAsync(Names[First])).MembershipDuration, Is.EqualTo(30));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    // Whatever the export wants, members expire as the list says.
    [Test]
    public async Task A_list_that_keeps_a_shorter_duration_is_sent_again_by_that()
    {
        await StartAsync();
        Settings.MembershipDurationDays = 30;
        var customers = await DeliverAsync(4);
        Settings.MembershipDurationDays = -1;
        await RefuseUpdatesAsync();
        var place = await PlaceAsync();
        Clock.Jump(TimeSpan.FromDays(14));
        await SucceedAsync();
        Assert.That((await EffectsSinceAsync(place)).Where(effect => effect.Action == "Replace"), Is.Empty);
        Clock.Jump(TimeSpan.FromDays(2));
        await RefuseUpdatesAsync();
        await SucceedAsync();
        Clock.Jump(TimeSpan.FromDays(20));
        Assert.That((await ListAsync(Names[First])).MembershipDuration, Is.EqualTo(30));
        await AssertHoldsAsync(First, HashesOf(customers));
    }

    // Neither by call nor by a row of a file, which is the first upload of a run.
    private async Task RefuseUpdatesAsync()
    {
        await Control.SetAsync(Contract.MicrosoftAdvertisingVendor.Behaviour with { UpdatesCustomerLists = false }, Token);
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.EndUpload, Operation = MicrosoftAdvertisingOperations.UploadBulkFile, Count = 1 }, Token);
    }
}
