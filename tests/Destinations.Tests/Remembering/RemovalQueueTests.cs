using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Remembering;

public sealed class RemovalQueueTests(Engine engine) : LedgerFixture(engine)
{
    [Test]
    public async Task A_key_waits_once_whatever_the_number_of_reasons()
    {
        await AddAsync(new Removal("k", "a", RemovalCause.Left), new Removal("k", "b", RemovalCause.KeyChanged));
        await AddAsync(new Removal("k", "c", RemovalCause.Recovered), new Removal("other \"quoted\"", "c", RemovalCause.Left));
        Assert.That((await QueuedAsync()).Select(removal => (removal.Key, removal.CustomerId, removal.Cause)), Is.EqualTo(new[]
        {
            ("k", "a", RemovalCause.Left), ("other \"quoted\"", "c", RemovalCause.Left),
        }));
    }

    [Test]
    public async Task A_key_that_stands_for_another_row_is_told_apart_from_one_that_only_a_duplicate_has()
    {
        await WriteAsync(
            Delivered("a", "held"),
            Delivered("b", "refused-update") with { State = LedgerState.Rejected },
            Delivered("c", "shared") with { State = LedgerState.Duplicate },
            Delivered("d", "left") with { State = LedgerState.Removed });
        await AddAsync([.. new[] { "held", "refused-update", "shared", "left", "unknown" }.Select(key => new Removal(key, "x", RemovalCause.Left))]);
        Assert.That((await QueuedAsync()).ToDictionary(removal => removal.Key, removal => (removal.IsHeld, removal.IsShared)), Is.EquivalentTo(new Dictionary<string, (bool, bool)>
        {
            ["held"] = (true, false),
            ["refused-update"] = (true, false),
            ["shared"] = (false, true),
            ["left"] = (false, false),
            ["unknown"] = (false, false),
        }));
    }

    [Test]
    public async Task Keys_leave_the_queue_one_by_one()
    {
        await AddAsync([.. Enumerable.Range(0, 10).Select(i => new Removal($"k{i}", "x", RemovalCause.Left))]);
        await Database.WriteAsync(transaction => RemovalQueue.DeleteAsync(transaction, AudienceId, ["k3", "k7", "unknown"]), Token);
        Assert.That((await QueuedAsync()).Select(removal => removal.Key), Is.EqualTo(new[] { "k0", "k1", "k2", "k4", "k5", "k6", "k8", "k9" }));
        Assert.That((await Removals.ReadAsync(new RemovalScope(AudienceId, Run), "k4", 2, Token)).Select(removal => removal.Key), Is.EqualTo(new[] { "k5", "k6" }));
    }

    // SQLite once read the whole audience for each key that waits.
    [Test]
    public async Task A_key_costs_the_same_however_many_are_in_the_audience()
    {
        await AddAsync([.. Enumerable.Range(0, 1_000).Select(i => new Removal($"gone{i:000}", "x", RemovalCause.Left))]);
        await WriteAsync([.. Enumerable.Range(0, 2_000).Select(i => Delivered($"c{i:00000}", $"k{i}"))]);
        var few = await Quickest.OfAsync(ReadAsync, enough: TimeSpan.MaxValue);
        await WriteAsync([.. Enumerable.Range(2_000, 28_000).Select(i => Delivered($"c{i:00000}", $"k{i}"))]);
        var many = await Quickest.OfAsync(ReadAsync, enough: few * 4.9);
        await TestContext.Out.WriteLineAsync($"measured: {few.TotalMilliseconds:0.0} ms among 2,000, {many.TotalMilliseconds:0.0} ms among 30,000");
        Assert.That(many / few, Is.LessThan(5));

        async Task ReadAsync() => Assert.That(await QueuedAsync(), Has.Count.EqualTo(1_000));
    }

    // A crash between sending and knowing, with the customer gone before the next claim: nothing else would remember it.
    [Test]
    public async Task Keys_of_a_flight_that_never_landed_are_queued_by_the_next_claim()
    {
        var landed = Flight(1, ("a", "k-a"));
        var lost = Flight(2, ("b", "k-b"), ("c", "k \"c\""));
        await Database.WriteAsync(transaction => FlightLog.TakeOffAsync(transaction, AudienceId, [landed, lost]), Token);
        await Database.WriteAsync(transaction => FlightLog.LandAsync(transaction, AudienceId, [landed.Id]), Token);
        await Database.WriteAsync(transaction => FlightLog.RecoverAsync(transaction, AudienceId), Token);
        await Database.WriteAsync(transaction => FlightLog.RecoverAsync(transaction, AudienceId), Token);
        Assert.That((await QueuedAsync()).Select(removal => (removal.Key, removal.CustomerId, removal.Cause)), Is.EqualTo(new[]
        {
            ("k \"c\"", "c", RemovalCause.Recovered), ("k-b", "b", RemovalCause.Recovered),
        }));
    }

    private Task AddAsync(params IReadOnlyList<Removal> removals) =>
        Database.WriteAsync(transaction => RemovalQueue.AddAsync(transaction, AudienceId, removals), Token);

    private static Flight Flight(long number, params (string CustomerId, string Key)[] rows)
    {
        var page = new MemberPage();
        foreach (var (customerId, key) in rows)
        {
            page.Add(customerId, 1).Mapped = MappedMember.As(key, 0, 0);
        }

        return new Flight(new FlightId(Run, 1, number), [.. page.Rows]);
    }
}
