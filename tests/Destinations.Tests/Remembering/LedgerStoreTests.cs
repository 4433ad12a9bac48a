using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

public sealed class LedgerStoreTests(Engine engine) : LedgerFixture(engine)
{
    [Test]
    public async Task A_row_comes_back_as_it_was_written()
    {
        var rejected = new LedgerWrite("b", LedgerState.Rejected, RowClass.Skipped, null, null, new Fingerprint(long.MinValue, -1), ulong.MaxValue, "EMAIL_MISSING", false);
        await WriteAsync(Delivered("a", "external:ä\"'"), rejected);
        Assert.That(await AllAsync(), Is.EqualTo(new[]
        {
            new LedgerRow("a", LedgerState.Delivered, RowClass.Added, Run, "external:ä\"'", 1, 2, 3, null),
            new LedgerRow("b", LedgerState.Rejected, RowClass.Skipped, Run, null, long.MinValue, -1, -1, "EMAIL_MISSING"),
        }));
    }

    [Test]
    public async Task Rows_that_exist_are_replaced_and_others_added_in_one_go()
    {
        await WriteAsync(Delivered("a", "old"), Delivered("b", "k-b"));
        await WriteAsync(
            Delivered("a", "new", exists: true) with { State = LedgerState.Duplicate, Class = RowClass.Duplicate },
            Delivered("c", "k-c"),
            Delivered("b", "x", exists: true) with { Key = null, KeyHash = null, State = LedgerState.Rejected, Reason = "WHY" });
        Assert.That(
            (await AllAsync()).Select(row => (row.CustomerId, row.State, row.Key, row.Reason)),
            Is.EqualTo(new[] { ("a", LedgerState.Duplicate, "new", null), ("b", LedgerState.Rejected, null, "WHY"), ("c", LedgerState.Delivered, "k-c", (string?)null) }));
    }

    [Test]
    public async Task Ranges_follow_the_byte_order_of_the_ids()
    {
        string[] ids = ["", "A", "Z", "a", "a-1", "a1", "z", "ß", "é", "\ud83d\ude00"];
        await WriteAsync([.. ids.Reverse().Select(id => Delivered(id + "x", id))]);
        var expected = ids.Select(id => id + "x").OrderBy(id => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(id)), StringComparer.Ordinal).ToList();
        Assert.That((await AllAsync()).Select(row => row.CustomerId), Is.EqualTo(expected));
        var middle = await Ledger.ReadRangeAsync(AudienceId, expected[2], expected[6], 3, Token);
        Assert.That(middle.Select(row => row.CustomerId), Is.EqualTo(expected[3..6]), "the limit counts");
        var rest = await Ledger.ReadRangeAsync(AudienceId, expected[5], expected[6], 3, Token);
        Assert.That(rest.Select(row => row.CustomerId), Is.EqualTo(expected[6..7]), "the end is part of it");
    }

    [Test]
    public async Task Customers_are_found_by_id_and_holders_by_the_hash_of_their_key()
    {
        await WriteAsync(Delivered("a", "k-a"), Delivered("b", "k-b"), Delivered("c", "k-c") with { State = LedgerState.Duplicate });
        var rows = await Ledger.ReadAsync(AudienceId, ["c", "missing", "a", "'; DROP TABLE ledger; --"], Token);
        Assert.That(rows.Select(row => row.CustomerId), Is.EquivalentTo(new[] { "a", "c" }));
        var holders = await Ledger.ReadHoldersAsync(AudienceId, [Fingerprint.OfKey("k-b"), Fingerprint.OfKey("k-c"), 17], Token);
        Assert.That(holders, Is.EqualTo(new[] { new KeyHolder("k-b", "b") }), "a duplicate holds nothing");
    }

    // Once the whole audience was read for every page of its first run, until the server had counted its rows.
    [Test]
    public async Task Holders_are_found_through_the_index_before_anybody_has_counted_the_audience()
    {
        await WriteAsync([.. Enumerable.Range(0, 5_000).Select(i => Delivered($"c{i:0000}", $"k{i}"))]);
        var hashes = Enumerable.Range(4_900, 200).Select(i => Fingerprint.OfKey($"k{i}")).ToList();
        Assert.That(await Ledger.ReadHoldersAsync(AudienceId, hashes, Token), Has.Count.EqualTo(100));
        if (Database.Engine == Engine.PostgreSql)
        {
            var sql = $"EXPLAIN {LedgerStore.Probe(Engine.PostgreSql, "key, customer_id", "audience_id = @AudienceId", "key_hash", "@hashes")}";
            var plan = await Database.ReadAsync(session => session.QueryAsync<string>(sql, new { AudienceId, hashes = hashes.ToArray() }), Token);
            Assert.That(string.Join('\n', plan), Does.Contain("Index Scan using ledger_by_key").And.Not.Contain("Bitmap"));
        }
        else
        {
            var sql = $"EXPLAIN QUERY PLAN {LedgerStore.Probe(Engine.Sqlite, "key, customer_id", "audience_id = @AudienceId AND state IN (1, 5)", "key_hash", "@hashes")}";
            var plan = await Database.ReadAsync(session => session.QueryAsync<(long, long, long, string Detail)>(sql, new { AudienceId, hashes = "[1, 2]" }), Token);
            Assert.That(plan.Select(step => step.Detail), Has.Some.Contains("ledger_by_key (audience_id=? AND key_hash=?)"));
        }
    }

    [Test]
    public async Task An_audience_knows_nothing_of_another()
    {
        var other = (await Database.WriteAsync(transaction => AudienceStore.OpenAsync(transaction, "export", "account", "other"), Token)).AudienceId;
        await WriteAsync(Delivered("a", "k"));
        Assert.That(await Ledger.AnyAsync(other, Token), Is.False);
        Assert.That(await Ledger.AnyAsync(AudienceId, Token), Is.True);
        Assert.That(await Ledger.ReadHoldersAsync(other, [Fingerprint.OfKey("k")], Token), Is.Empty);
        Assert.That(await Ledger.ReadRangeAsync(other, "", null, 10, Token), Is.Empty);
    }

    [Test]
    public async Task Leavers_are_remembered_as_removed_and_what_stands_is_queued()
    {
        await WriteAsync(
            Delivered("a", "k-a"),
            Delivered("b", "k-b") with { State = LedgerState.Duplicate },
            Delivered("c", "k-c") with { State = LedgerState.Rejected, Reason = "WHY" },
            Delivered("d", "k-d") with { State = LedgerState.Rejected, Key = null, KeyHash = null, Reason = "WHY" },
            Delivered("e", "k-e"));
        await Database.WriteAsync(transaction => LedgerStore.RemoveAsync(transaction, Scope, ["a", "b", "c", "d", "unknown"]), Token);
        Assert.That((await QueuedAsync()).Select(removal => (removal.Key, removal.CustomerId, removal.Cause)), Is.EqualTo(new[]
        {
            ("k-a", "a", RemovalCause.Left), ("k-c", "c", RemovalCause.Left),
        }));
        Assert.That((await AllAsync()).Select(row => (row.CustomerId, row.State)), Is.EqualTo(new[]
        {
            ("a", LedgerState.Removed), ("c", LedgerState.Removed), ("e", LedgerState.Delivered),
        }));
    }

    // A row that was delivered and is to be sent again stands, whether or not the sending has begun.
    [TestCase(false)]
    [TestCase(true)]
    public async Task Leavers_that_are_due_are_queued_when_they_stand_or_may_stand(bool sending)
    {
        var due = Delivered("a", "k-a") with { State = LedgerState.Due };
        await WriteAsync(due, due with { CustomerId = "b", Key = "k-b", Class = RowClass.Updated });
        if (sending)
        {
            await Database.WriteAsync(transaction => AudienceStore.BeginSendingAsync(transaction, AudienceId), Token);
        }

        await Database.WriteAsync(transaction => LedgerStore.RemoveAsync(transaction, Scope, ["a", "b"]), Token);
        string[] standing = sending ? ["a", "b"] : ["b"];
        Assert.That((await QueuedAsync()).Select(removal => removal.CustomerId), Is.EqualTo(standing));
        Assert.That((await AllAsync()).Select(row => (row.CustomerId, row.State)), Is.EqualTo(standing.Select(id => (id, LedgerState.Removed))));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_row_that_is_refused_when_it_is_sent_again_stands_still_unless_all_were_replaced(bool replaced)
    {
        var due = Delivered("a", "k-a") with { State = LedgerState.Due };
        await WriteAsync(due, due with { CustomerId = "b", Key = "k-b", Class = RowClass.Updated });
        await Database.WriteAsync(transaction => DueRows.RefuseAsync(transaction, Scope, [new("a", "WHY"), new("b", "WHY")], replaced), Token);
        Assert.That((await AllAsync()).Select(row => (row.State, row.StandingKey)), Is.EqualTo(new[] { (LedgerState.Rejected, null), (LedgerState.Rejected, replaced ? null : "k-b") }));
    }

    [Test]
    public async Task An_audience_that_is_given_up_is_queued_as_a_whole()
    {
        await WriteAsync(Delivered("a", "k-a"), Delivered("b", "k-b"), Delivered("c", "k-c") with { State = LedgerState.Removed });
        await Database.WriteAsync(transaction => LedgerStore.RemoveAllAsync(transaction, Scope), Token);
        Assert.That((await QueuedAsync()).Select(removal => (removal.Key, removal.Cause)), Is.EqualTo(new[]
        {
            ("k-a", RemovalCause.AudienceGivenUp), ("k-b", RemovalCause.AudienceGivenUp),
        }));
        Assert.That((await AllAsync()).Select(row => row.State), Is.All.EqualTo(LedgerState.Removed));
    }

    [Test]
    public async Task Rejected_rows_of_a_run_are_listed_page_by_page()
    {
        await WriteAsync([.. Enumerable.Range(0, 25).Select(i => Delivered($"c{i:00}", $"k{i}") with { State = LedgerState.Rejected, Reason = "WHY" }), Delivered("d", "k-d")]);
        var first = await Ledger.ReadRejectedAsync(AudienceId, Run, "", 20, Token);
        var second = await Ledger.ReadRejectedAsync(AudienceId, Run, first[^1].CustomerId, 20, Token);
        Assert.That(first.Concat(second).Select(row => row.CustomerId), Is.EqualTo(Enumerable.Range(0, 25).Select(i => $"c{i:00}")));
        Assert.That(await Ledger.ReadRejectedAsync(AudienceId, Run + 1, "", 20, Token), Is.Empty);
    }
}
