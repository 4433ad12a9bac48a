using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A file that is on its way when its worker dies, or when its run ends, is gone on with; nothing overtakes it.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
[CancelAfter(120_000)]
public sealed class FileTakeOverTests(Engine engine)
{
    private ScriptedVendor _vendor = null!;
    private WorkerStage _stage = null!;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task RaiseCurtainAsync()
    {
        _vendor = new ScriptedVendor(ScriptedWay.Files);
        _stage = await WorkerStage.StartAsync(_vendor, engine, Token);
    }

    [TearDown]
    public ValueTask DropCurtainAsync()
    {
        _released.TrySetResult();
        return _stage.DisposeAsync();
    }

    // Kill points of lessons 6.2: place taken and not used, uploaded and not recorded, fate open, result half read.
    [TestCase("reserved")]
    [TestCase("upload")]
    [TestCase("uploaded")]
    [TestCase("ask")]
    [TestCase("read")]
    public async Task Whoever_takes_over_asks_first_and_uploads_only_what_never_arrived(string step)
    {
        var customers = Customer.Many(20);
        _stage.Put(customers);
        await _vendor.InjectAsync(new VendorFault(VendorFaultKind.RefuseRow, Key: customers[7].Key), Token);
        await _stage.RestartAsync(new ManualTimeProvider(TimeProvider.System.GetUtcNow()), Token);
        var hanging = HangAt(step);
        var run = await _stage.AskAsync(fullComparison: false, Token);
        await hanging.WaitAsync(Token);
        await using (var heir = await _stage.StartWorkerAsync(TimeProvider.System, Token))
        {
            var ended = await _stage.EndedAsync(run, Token);
            Assert.That((ended.State, ended.Counts.Read, ended.Counts.Added, ended.Counts.Rejected), Is.EqualTo((RunState.Successful, 20, 19, 1)));
            Assert.That((await _vendor.RequestsAsync(Token)).Count, Is.EqualTo(1));
        }

        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(customers.Where((_, i) => i != 7).Select(customer => customer.Key)));
    }

    [Test]
    public async Task A_file_of_a_stopped_run_is_settled_by_the_next_one_before_anything_else()
    {
        var customers = Customer.Many(20);
        _stage.Put(customers);
        var asking = HangAt("ask");
        var run = await _stage.AskAsync(fullComparison: false, Token);
        await asking.WaitAsync(Token);
        var reports = _stage.Exports.Progress.Count;
        _stage.Exports.CancelRequested = true;
        await Eventually.TrueAsync(() => _stage.Exports.Progress.Count > reports + 1, "the worker has heard of it", cancellationToken: Token);
        _released.SetResult();
        Assert.That((await _stage.EndedAsync(run, Token)).State, Is.EqualTo(RunState.Canceled));
        _stage.Exports.CancelRequested = false;
        _stage.Remove(customers[0]);
        var next = await _stage.RunAsync(Token);
        Assert.That((next.State, next.Counts.Read, next.Counts.Added, next.Counts.Removed), Is.EqualTo((RunState.Successful, 19, 19, 1)));
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(customers.Skip(1).Select(customer => customer.Key)));
        Assert.That((await _vendor.RequestsAsync(Token)).Select(request => request.Keys.Count), Is.EqualTo(new[] { 20, 1 }), "the removal came last, and nobody was sent again");
    }

    [Test]
    public async Task Everybody_goes_in_one_replacement_when_it_is_asked_for()
    {
        var customers = Customer.Many(20);
        _stage.Put(customers);
        await _stage.RunAsync(Token);
        await _vendor.AddForeignAsync("foreign", Token);
        await _stage.EndedAsync(await _stage.AskAsync(fullComparison: false, Token, resendAll: true), Token);
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(customers.Select(customer => customer.Key)), "and nobody else is left");
        Assert.That((await _vendor.RequestsAsync(Token)).Select(request => request.Keys.Count), Is.EqualTo(new[] { 20, 20 }));
    }

    // EXP-12, D-11: skipped as a whole, not cut; addresses count once however many profiles have them.
    [Test]
    public async Task More_members_than_the_destination_takes_skip_the_run_and_send_nothing()
    {
        _vendor.MembersAtMost = 20;
        _stage.Put([.. Customer.Many(20), Customer.One(30) with { Key = "k000" }]);
        Assert.That((await _stage.RunAsync(Token)).State, Is.EqualTo(RunState.Successful), "the address that two have counts once");
        var before = (await _vendor.RequestsAsync(Token)).Count;
        _stage.Put(Customer.One(31));
        var skipped = await _stage.RunAsync(Token);
        Assert.That((skipped.State, skipped.Reason, skipped.Message), Is.EqualTo((RunState.Skipped, "TOO_MANY_MEMBERS", Reasons.Explain("TOO_MANY_MEMBERS"))));
        Assert.That((await _vendor.RequestsAsync(Token)).Count, Is.EqualTo(before));
        _stage.Remove(Customer.One(3));
        Assert.That((await _stage.RunAsync(Token)).State, Is.EqualTo(RunState.Successful));
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(Customer.Many(20).Where((_, i) => i != 3).Append(Customer.One(31)).Select(customer => customer.Key)));
    }

    // The run has written down that all are to be sent again, and ended before it sent anything: they are in the audience all the same.
    [Test]
    public async Task Who_leaves_after_a_run_that_was_to_send_everybody_and_sent_nobody_is_taken_out()
    {
        var customers = Customer.Many(20);
        _stage.Put(customers);
        await _stage.RunAsync(Token);
        _vendor.MembersAtMost = 10;
        Assert.That((await _stage.EndedAsync(await _stage.AskAsync(fullComparison: false, Token, resendAll: true), Token)).State, Is.EqualTo(RunState.Skipped));
        _vendor.MembersAtMost = null;
        _stage.Remove(customers[0]);
        _stage.Put(customers[1] with { Email = "" }, customers[2] with { Key = "another" }, customers[3] with { Key = customers[4].Key });
        var next = await _stage.RunAsync(Token);
        Assert.That((next.State, next.Counts.Skipped, next.Counts.Duplicates), Is.EqualTo((RunState.Successful, 1, 1)));
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(customers.Skip(4).Select(customer => customer.Key).Append("another")));
    }

    [Test]
    public async Task Nobody_can_replace_those_who_stood_there()
    {
        await _vendor.AddForeignAsync("foreign", Token);
        await _stage.RunAsync(Token);
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EqualTo(new[] { "foreign" }), "an audience that is known to be ours is left alone");
        _vendor.MustReplace = true;
        Assert.That((await _stage.RunAsync(Token)).State, Is.EqualTo(RunState.Successful));
        Assert.That(await _vendor.ReadAsync(Token), Is.Empty);
    }

    // Whoever is sent without a change was read as unchanged before, and is one member still.
    [TestCase(VendorFaultKind.RefuseRow, 0)]
    [TestCase(VendorFaultKind.RefuseRowUnnamed, 19)]
    public async Task A_replacement_counts_each_member_once_whatever_becomes_of_it(VendorFaultKind fault, int updated)
    {
        var customers = Customer.Many(20);
        _stage.Put(customers);
        await _stage.RunAsync(Token);
        await _vendor.InjectAsync(new VendorFault(fault, Key: customers[7].Key), Token);
        _vendor.MustReplace = true;
        var counts = (await _stage.RunAsync(Token, fullComparison: true)).Counts;
        Assert.That((counts.Read, counts.Updated, counts.Unchanged, counts.Rejected), Is.EqualTo((20, updated, 19 - updated, 1)));
    }

    // EXP-12: a run that is skipped has done nothing at all.
    [Test]
    public async Task A_run_that_is_skipped_takes_nobody_out_of_an_audience_that_is_given_up()
    {
        _vendor.Audience = "old";
        var customers = Customer.Many(20);
        _stage.Put(customers);
        await _stage.RunAsync(Token);
        (_vendor.Audience, _vendor.MembersAtMost) = ("new", 10);
        Assert.That((await _stage.RunAsync(Token)).State, Is.EqualTo(RunState.Skipped));
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(customers.Select(customer => customer.Key)));
        Assert.That(await _vendor.RequestsAsync(Token), Has.Count.EqualTo(1), "nothing was sent");
    }

    // Hangs the first time until the test is over, or says so.
    private Task HangAt(string step)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _vendor.AtStep = async (at, token) =>
        {
            if (at == step && reached.TrySetResult())
            {
                await _released.Task.WaitAsync(token);
            }
        };
        return reached.Task;
    }
}
