using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Storage;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class DatabaseTests(Engine engine) : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private TestDatabase _test = null!;
    private Database _database = null!;

    [SetUp]
    public async Task CreateTable()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _database = await _test.OpenAsync();
        await _database.WriteAsync(t => t.ExecuteAsync("CREATE TABLE things (id TEXT PRIMARY KEY, amount BIGINT NOT NULL)"), None);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Test]
    public async Task WriteAsync_commits_when_the_function_returns()
    {
        var returned = await _database.WriteAsync(async t => await AddAsync(t, "a", 5) + 41, None);

        Assert.That(returned, Is.EqualTo(42));
        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task WriteAsync_rolls_back_what_threw()
    {
        await Assert.ThatAsync(
            () => _database.WriteAsync(
                async t =>
                {
                    await AddAsync(t, "a", 5);
                    throw new InvalidDataException("no");
                },
                None),
            Throws.TypeOf<InvalidDataException>());

        Assert.That(await CountAsync(), Is.Zero);
        await _database.WriteAsync(t => AddAsync(t, "a", 6), None);
        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task AfterCommit_runs_once_the_row_is_visible_and_not_after_a_rollback()
    {
        var seen = new List<int>();
        await _database.WriteAsync(
            async t =>
            {
                t.AfterCommit(() => seen.Add(1));
                await AddAsync(t, "a", 5);
                Assert.That(seen, Is.Empty);
            },
            None);
        await Assert.ThatAsync(
            () => _database.WriteAsync(
                t =>
                {
                    t.AfterCommit(() => seen.Add(2));
                    return Task.FromException(new InvalidDataException("no"));
                },
                None),
            Throws.TypeOf<InvalidDataException>());

        Assert.That(seen, Is.EqualTo([1]));
    }

    [Test]
    public async Task Transaction_inside_a_transaction_is_refused_instead_of_waiting_for_itself()
    {
        await Assert.ThatAsync(
            () => _database.WriteAsync(_ => _database.WriteAsync(t => AddAsync(t, "a", 1), None), None),
            Throws.InvalidOperationException.With.Message.Contains("pass it on"));
    }

    [Test]
    public async Task Concurrent_writers_all_succeed()
    {
        await _database.WriteAsync(t => AddAsync(t, "counter", 0), None);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => _database.WriteAsync(
            async t =>
            {
                var old = await t.QuerySingleAsync<long>($"SELECT amount FROM things WHERE id = 'counter'{t.ForUpdate}");
                await t.ExecuteAsync("UPDATE things SET amount = @amount WHERE id = 'counter'", new { amount = old + 1 });
            },
            None)));

        Assert.That(await AmountAsync("counter"), Is.EqualTo(40));
    }

    [Test]
    public async Task Two_replicas_of_one_database_write_side_by_side()
    {
        var other = await _test.OpenAsync();
        await _database.WriteAsync(t => AddAsync(t, "counter", 0), None);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? _database : other).WriteAsync(
            t => t.ExecuteAsync("UPDATE things SET amount = amount + 1 WHERE id = 'counter'"), None)));

        Assert.That(await AmountAsync("counter"), Is.EqualTo(30));
    }

    [Test]
    public async Task Deadlocked_transactions_are_repeated_until_both_succeed()
    {
        await _database.WriteAsync(async t => await AddAsync(t, "a", 0) + await AddAsync(t, "b", 0), None);
        var bothHoldOne = new Barrier(2);
        var attempts = 0;

        async Task CrossAsync(string first, string second) => await _database.WriteAsync(
            async t =>
            {
                await t.ExecuteAsync("UPDATE things SET amount = amount + 1 WHERE id = @first", new { first });
                if (Interlocked.Increment(ref attempts) <= 2 && engine == Engine.PostgreSql)
                {
                    bothHoldOne.SignalAndWait(TimeSpan.FromSeconds(10));
                }

                await t.ExecuteAsync("UPDATE things SET amount = amount + 1 WHERE id = @second", new { second });
            },
            None);

        await Task.WhenAll(Task.Run(() => CrossAsync("a", "b")), Task.Run(() => CrossAsync("b", "a")));

        Assert.That(await AmountAsync("a"), Is.EqualTo(2));
        Assert.That(await AmountAsync("b"), Is.EqualTo(2));
    }

    [Test]
    public async Task Who_loses_the_race_for_a_unique_value_runs_again_and_sees_the_winner()
    {
        using var bothHaveLooked = new Barrier(2);
        var attempts = 0;

        Task<long> FindOrAddAsync(long amount) => _database.WriteAsync(
            async t =>
            {
                var found = await t.QuerySingleOrDefaultAsync<long?>("SELECT amount FROM things WHERE id = 'one'");
                if (Interlocked.Increment(ref attempts) <= 2 && engine == Engine.PostgreSql)
                {
                    bothHaveLooked.SignalAndWait(TimeSpan.FromSeconds(10));
                }

                if (found is null)
                {
                    await AddAsync(t, "one", amount);
                }

                return found ?? amount;
            },
            None);

        var seen = await Task.WhenAll(Task.Run(() => FindOrAddAsync(1)), Task.Run(() => FindOrAddAsync(2)));

        Assert.That(seen[0], Is.EqualTo(seen[1]));
        Assert.That(attempts, Is.EqualTo(engine == Engine.PostgreSql ? 3 : 2));
        Assert.That(await AmountAsync("one"), Is.EqualTo(seen[0]));
    }

    [Test]
    public async Task Violation_that_stays_is_thrown_after_six_attempts()
    {
        await _database.WriteAsync(t => AddAsync(t, "a", 1), None);
        var attempts = 0;

        await Assert.ThatAsync(
            () => _database.WriteAsync(
                t =>
                {
                    attempts++;
                    return AddAsync(t, "a", 2);
                },
                None),
            Throws.InstanceOf<System.Data.Common.DbException>());

        // Writers of SQLite take turns: what is there was there before.
        Assert.That(attempts, Is.EqualTo(engine == Engine.PostgreSql ? 6 : 1));
        Assert.That(await AmountAsync("a"), Is.EqualTo(1));
    }

    [Test]
    public async Task Snapshot_does_not_see_what_is_committed_after_it_was_opened()
    {
        await using var snapshot = await _database.OpenSnapshotAsync(None);
        await _database.WriteAsync(t => AddAsync(t, "a", 5), None);

        Assert.That(await snapshot.QuerySingleAsync<int>("SELECT COUNT(*) FROM things"), Is.Zero);
        Assert.That(await CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Snapshot_cannot_write()
    {
        await using var snapshot = await _database.OpenSnapshotAsync(None);

        await Assert.ThatAsync(() => AddAsync(snapshot, "a", 5), Throws.InstanceOf<System.Data.Common.DbException>());
    }

    [Test]
    public async Task Reads_go_on_while_a_writer_holds_its_transaction()
    {
        await _database.WriteAsync(
            async t =>
            {
                await AddAsync(t, "a", 5);
                Assert.That(await CountAsync(), Is.Zero);
            },
            None);
    }

    [Test]
    public async Task Records_are_built_by_their_constructor_on_both_engines()
    {
        await _database.WriteAsync(t => AddAsync(t, "a", 5), None);

        var rows = await _database.ReadAsync(s => s.QueryAsync<Thing>("SELECT id AS thing_id, amount, CAST(NULL AS BIGINT) AS maybe, amount > 1 AS is_large FROM things"), None);

        Assert.That(rows, Is.EqualTo([new Thing("a", 5, null, true)]));
        Assert.That(await _database.ReadAsync(s => s.QuerySingleAsync<(string, int, bool)>("SELECT id, amount, amount > 1 FROM things"), None), Is.EqualTo(("a", 5, true)));
    }

    [Test]
    public async Task Column_without_a_property_is_an_error_not_a_default()
    {
        await _database.WriteAsync(t => AddAsync(t, "a", 5), None);

        await Assert.ThatAsync(
            () => _database.ReadAsync(s => s.QueryAsync<Thing>("SELECT id AS thing, amount FROM things"), None),
            Throws.InvalidOperationException.With.Message.Contains("thing"));
    }

    [Test]
    public async Task AnyOf_compares_with_a_list_also_an_empty_one()
    {
        await _database.WriteAsync(async t => await AddAsync(t, "a", 1) + await AddAsync(t, "b", 2), None);

        foreach (var (ids, count) in new[] { (new[] { "a", "c" }, 1), ([], 0) })
        {
            var found = await _database.ReadAsync(s => s.QueryAsync<string>($"SELECT id FROM things WHERE id {s.AnyOf("ids")}", new { ids }), None);
            Assert.That(found, Has.Count.EqualTo(count));
        }
    }

    [Test]
    public async Task StreamAsync_gives_all_rows_in_order()
    {
        await _database.WriteAsync(async t =>
        {
            for (var i = 0; i < 100; i++)
            {
                await AddAsync(t, $"{i:D3}", i);
            }
        }, None);
        await using var snapshot = await _database.OpenSnapshotAsync(None);

        var amounts = new List<long>();
        await foreach (var amount in snapshot.StreamAsync<long>("SELECT amount FROM things WHERE amount >= @least ORDER BY id", new { least = 10 }))
        {
            amounts.Add(amount);
        }

        Assert.That(amounts, Is.EqualTo(Enumerable.Range(10, 90)));
    }

    [Test]
    public async Task Token_ends_a_long_statement_and_the_transaction_is_gone()
    {
        using var cancelled = new CancellationTokenSource();
        var running = _database.WriteAsync(
            async t =>
            {
                await AddAsync(t, "a", 5);
                cancelled.CancelAfter(TimeSpan.FromMilliseconds(100));
                await t.ExecuteAsync("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT COUNT(*) FROM n");
            },
            cancelled.Token);

        await Assert.ThatAsync(() => Eventually.EndsAsync(running, "the statement is interrupted"), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await CountAsync(), Is.Zero);
        await _database.WriteAsync(t => AddAsync(t, "b", 5), None);
    }

    [Test]
    public async Task Foreign_keys_are_enforced()
    {
        await _database.WriteAsync(t => t.ExecuteAsync("CREATE TABLE parts (thing TEXT NOT NULL REFERENCES things (id))"), None);

        await Assert.ThatAsync(
            () => _database.WriteAsync(t => t.ExecuteAsync("INSERT INTO parts (thing) VALUES ('nothing')"), None),
            Throws.InstanceOf<System.Data.Common.DbException>());
    }

    private Task<int> CountAsync() => _database.ReadAsync(s => s.QuerySingleAsync<int>("SELECT COUNT(*) FROM things"), None);

    private Task<long> AmountAsync(string id) => _database.ReadAsync(s => s.QuerySingleAsync<long>("SELECT amount FROM things WHERE id = @id", new { id }), None);

    private static Task<int> AddAsync(Session session, string id, long amount) =>
        session.ExecuteAsync("INSERT INTO things (id, amount) VALUES (@id, @amount)", new { id, amount });

    private sealed record Thing(string ThingId, int Amount, long? Maybe, bool IsLarge);
}
