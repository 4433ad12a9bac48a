using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Contract;

/// <summary>What a destination says of a file comes to an end, whatever it says.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
[CancelAfter(120_000)]
public sealed class FileFateTests(Engine engine)
{
    private static readonly FileStep Working = FileStep.Taken with { State = FileState.Working };
    private static readonly FileStep Dropped = FileStep.Taken with { State = FileState.Dropped };
    private static readonly FileStep Unavailable = new(Answer.Unavailable) { Reason = Reasons.Unavailable };

    private readonly ScriptedVendor _vendor = new(ScriptedWay.Files);
    private readonly IReadOnlyList<Customer> _customers = Customer.Many(20);
    private HurryingClock _clock = null!;
    private WorkerStage _stage = null!;

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task RaiseCurtainAsync()
    {
        _clock = new HurryingClock();
        _stage = await WorkerStage.StartAsync(_vendor, engine, Token);
        await _stage.RestartAsync(_clock.Time, Token);
        _stage.Put(_customers);
    }

    [TearDown]
    public async Task DropCurtainAsync()
    {
        await _stage.DisposeAsync();
        await _clock.DisposeAsync();
    }

    // It would keep this run, and every later one of the export, for ever.
    [Test]
    public async Task A_file_that_is_worked_on_without_end_is_given_up_and_sent_again_by_the_next_run()
    {
        _vendor.AtAsk = () => Working;
        await AssertFailsAsync("FILE_STUCK");
        _vendor.AtAsk = () => null;
        await AssertSucceedsAsync(uploads: 2);
    }

    [Test]
    public async Task Questions_that_fail_between_others_do_not_add_up()
    {
        var asked = 0;
        _vendor.AtAsk = () => asked++ is var number && number > 24 ? null : number % 2 == 0 ? Unavailable : Working;
        await AssertSucceedsAsync(uploads: 1);
    }

    [Test]
    public async Task Questions_that_fail_in_a_row_fail_the_run()
    {
        _vendor.AtAsk = () => Unavailable;
        await AssertFailsAsync("DESTINATION_UNAVAILABLE");
        _vendor.AtAsk = () => null;
        await AssertSucceedsAsync(uploads: 1);
    }

    // A result does not change by being read again.
    [Test]
    public async Task A_result_that_says_that_nothing_was_handled_costs_another_file()
    {
        var read = 0;
        _vendor.AtRead = () => read++ == 0 ? Dropped : null;
        await AssertSucceedsAsync(uploads: 2);
        Assert.That(read, Is.EqualTo(2));
    }

    [Test]
    public async Task Files_that_are_dropped_again_and_again_fail_the_run_although_every_other_step_comes_off()
    {
        _vendor.AtRead = () => Dropped;
        await AssertFailsAsync("FILE_DROPPED");
        _vendor.AtRead = () => null;
        await AssertSucceedsAsync(uploads: DeliveryPolicy.MaxFailures + 1);
    }

    private async Task AssertFailsAsync(string reason)
    {
        var run = await _stage.RunAsync(Token);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, reason)));
        Assert.That(run.Message, Is.Not.Empty.And.Not.EqualTo(reason));
    }

    private async Task AssertSucceedsAsync(int uploads)
    {
        var run = await _stage.RunAsync(Token);
        Assert.That((run.State, run.Counts.Read, run.Counts.Added), Is.EqualTo((RunState.Successful, 20, 20)), $"{run.Reason}: {run.Message}");
        Assert.That((await _vendor.ReadAsync(Token)).Keys, Is.EquivalentTo(_customers.Select(customer => customer.Key)));
        Assert.That((await _vendor.RequestsAsync(Token)).Count, Is.EqualTo(uploads));
    }
}
