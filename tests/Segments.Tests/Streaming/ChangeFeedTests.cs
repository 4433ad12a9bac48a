using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Importing;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Storage;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Tests.Streaming;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class ChangeFeedTests(Engine engine)
{
    private static readonly string[] Attributes = ["Email", "Spend", "IsActive", "CustomerId", "LastVisit"];

    private World _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await World.CreateAsync(engine);

    [Test]
    public async Task Whoever_applies_the_changes_has_what_a_full_reading_gives([Values(1, 2, 3)] int seed)
    {
        var random = new Random(seed);
        SegmentName[] segments =
        [
            await _world.AddSegmentAsync(SpendAtLeast(20), "spender"),
            await _world.AddSegmentAsync(SpendAtLeast(60), "big-spender"),
            await _world.AddSegmentAsync(new Comparison("IsActive", Operator.Equals, [Scalar.Of(true)], IgnoreCase: false, TimeUnit.None), "active"),
        ];
        SegmentName[][] unions = [segments, [segments[0]], [segments[2], segments[1]]];
        var readers = new List<Reader>();
        for (var step = 0; step < 60; step++)
        {
            await ChangeSomethingAsync(random, segments);
            if (random.Next(4) == 0)
            {
                readers.Add(await ReadAllAsync(unions[random.Next(unions.Length)]));
            }

            foreach (var reader in readers.Where(_ => random.Next(4) == 0))
            {
                await FollowAsync(reader);
                Assert.That(Describe(reader), Is.EqualTo(Describe(await ReadAllAsync(reader.Segments))), $"step {step}");
            }
        }
    }

    [Test]
    public async Task Nothing_new_is_one_page_without_rows()
    {
        await MergeAsync("c1", 50);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var reader = await ReadAllAsync([segment]);
        var pages = await _world.ChangesAsync([segment], Attributes, reader.Position);
        Assert.That(pages, Has.Count.EqualTo(1));
        Assert.Multiple(() =>
        {
            Assert.That(pages[0].Members, Is.Empty);
            Assert.That(pages[0].RemovedCustomerIds, Is.Empty);
            Assert.That(pages[0].Position, Is.EqualTo(reader.Position));
            Assert.That(pages[0].MemberCounts[segment.ToString()], Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_segment_that_was_never_refreshed_counts_as_empty()
    {
        await MergeAsync("c1", 50);
        var refreshed = await _world.AddSegmentAsync(SpendAtLeast(20), "refreshed");
        var draft = await _world.AddSegmentAsync(SpendAtLeast(20), "draft");
        await _world.RefreshAsync(refreshed);
        var pages = await _world.MembersAsync([draft, refreshed], []);
        Assert.That(pages.Single().Members.Single().SegmentBits, Is.EqualTo(2));
        Assert.That(pages[0].MemberCounts, Is.EquivalentTo(new Dictionary<string, long> { [draft.ToString()] = 0, [refreshed.ToString()] = 1 }));
        Assert.That((await _world.MembersAsync([draft], [])).Single().Members, Is.Empty);
    }

    [Test]
    public async Task Joiners_and_changed_members_come_before_leavers_and_others_not_at_all()
    {
        await MergeAsync("changed", 50);
        await MergeAsync("same", 50);
        await MergeAsync("leaver", 50);
        await MergeAsync("joiner", 10);
        await MergeAsync("outsider", 10);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var reader = await ReadAllAsync([segment]);
        await MergeAsync("changed", 51);
        await MergeAsync("leaver", 1);
        await MergeAsync("joiner", 70);
        await MergeAsync("outsider", 11);
        await _world.RefreshAsync(segment);
        var page = (await _world.ChangesAsync([segment], ["Spend"], reader.Position)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(page.Members.Select(m => (m.CustomerId, m.Values[0].NumberValue)), Is.EqualTo(new[] { ("changed", 51.0), ("joiner", 70.0) }));
            Assert.That(page.RemovedCustomerIds, Is.EqualTo(new[] { "leaver" }));
        });
    }

    [Test]
    public async Task Leaving_one_of_two_segments_is_a_change_and_leaving_both_a_removal()
    {
        await MergeAsync("c1", 70);
        await MergeAsync("c2", 70);
        SegmentName[] both = [await _world.AddSegmentAsync(SpendAtLeast(20), "low"), await _world.AddSegmentAsync(SpendAtLeast(60), "high")];
        await RefreshAllAsync(both);
        var reader = await ReadAllAsync(both);
        await MergeAsync("c1", 30);
        await MergeAsync("c2", 3);
        await RefreshAllAsync(both);
        var page = (await _world.ChangesAsync(both, [], reader.Position)).Single();
        Assert.That(page.Members.Select(m => (m.CustomerId, m.SegmentBits)), Is.EqualTo(new[] { ("c1", 1UL) }));
        Assert.That(page.RemovedCustomerIds, Is.EqualTo(new[] { "c2" }));
    }

    [Test]
    public async Task A_deleted_profile_is_no_member_at_once_and_counts_as_none()
    {
        await MergeAsync("c1", 70);
        await MergeAsync("c2", 70);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var reader = await ReadAllAsync([segment]);
        await _world.DeleteAsync("c1", "unknown");
        var page = (await _world.ChangesAsync([segment], [], reader.Position)).Single();
        Assert.That(page.RemovedCustomerIds, Is.EqualTo(new[] { "c1" }));
        Assert.That(page.MemberCounts[segment.ToString()], Is.EqualTo(1));
        await FollowAsync(reader);
        await MergeAsync("c1", 80);
        Assert.That((await _world.ChangesAsync([segment], [], reader.Position)).Single().Members.Single().CustomerId, Is.EqualTo("c1"));
    }

    [Test]
    public async Task Pages_hold_a_thousand_rows_in_byte_order_of_the_ids()
    {
        var ids = Enumerable.Range(0, 2500).Select(i => $"{(i % 2 == 0 ? "B" : "a")}{i}").ToList();
        await _world.MergeAsync([.. ids.Select((id, i) => Row(i, id, 50))]);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var pages = await _world.MembersAsync([segment], ["Email"]);
        ids.Sort(StringComparer.Ordinal);
        Assert.Multiple(() =>
        {
            Assert.That(pages.Select(p => p.Members.Count), Is.EqualTo(new[] { 1000, 1000, 500 }));
            Assert.That(pages.SelectMany(p => p.Members).Select(m => m.CustomerId), Is.EqualTo(ids));
            Assert.That(pages.Skip(1).All(p => p.Position is null && p.MemberCounts.Count == 0));
        });
        var rest = await _world.MembersAsync([segment], [], startAfter: ids[1499]);
        Assert.That(rest[0].Members[0].CustomerId, Is.EqualTo(ids[1500]));
        var changes = await _world.ChangesAsync([segment], [], new Wire.FeedPosition { SegmentVersions = { [segment.ToString()] = 0 } });
        Assert.That(changes.SelectMany(p => p.Members).Select(m => m.CustomerId), Is.EqualTo(ids));
    }

    [Test]
    public async Task Pages_of_long_texts_stay_small()
    {
        await _world.MergeAsync([.. Enumerable.Range(0, 500).Select(i => new ProfileRow(i, $"c{i}", IsDeleted: false, [Scalar.Of(new string('€', 4000)), Scalar.Of(50.0), default, default]))]);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var pages = await _world.MembersAsync([segment], ["Email"]);
        Assert.That(pages.Max(p => p.CalculateSize()), Is.LessThan(3 * 1024 * 1024));
        Assert.That(pages.Sum(p => p.Members.Count), Is.EqualTo(500));
    }

    [Test]
    public async Task Positions_that_the_feed_does_not_reach_are_refused()
    {
        await MergeAsync("c1", 50);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        var other = await _world.AddSegmentAsync(SpendAtLeast(20), "other");
        await _world.RefreshAsync(segment);
        await using var snapshot = await _world.OpenAsync([segment], []);
        var (name, otherName) = (segment.ToString(), other.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Check(1, (name, 1)), Is.Null);
            Assert.That(Check(0, (name, 0)), Is.Null, "nothing seen yet");
            Assert.That(Check(2, (name, 1)), Is.EqualTo("CHANGE_FEED_EXPIRED"), "a change number of the future");
            Assert.That(Check(1, (name, 2)), Is.EqualTo("CHANGE_FEED_EXPIRED"), "a version of the future");
            Assert.That(Check(1, (name, -1)), Is.EqualTo("CHANGE_FEED_EXPIRED"));
            Assert.That(Check(1, (otherName, 0)), Is.EqualTo("CHANGE_FEED_EXPIRED"), "another segment");
            Assert.That(Check(1, (name, 1), (otherName, 0)), Is.EqualTo("CHANGE_FEED_EXPIRED"), "one segment more");
        });

        string? Check(long change, params (string Name, long Version)[] versions) =>
            snapshot.CheckPosition(new FeedPosition(change, versions.ToDictionary(v => v.Name, v => v.Version)))?.Reason;
    }

    [Test]
    public async Task Leavers_and_deletions_are_forgotten_after_their_time_and_the_feed_says_so()
    {
        await MergeAsync("c1", 50);
        await MergeAsync("c2", 50);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        var reader = await ReadAllAsync([segment]);
        await MergeAsync("c1", 1);
        await _world.RefreshAsync(segment);
        _world.Time.Advance(TimeSpan.FromDays(31));
        await _world.RefreshAsync(segment);
        await using (var snapshot = await _world.OpenAsync([segment], []))
        {
            Assert.That(snapshot.CheckPosition(Position(reader))?.Reason, Is.EqualTo("CHANGE_FEED_EXPIRED"));
        }

        reader = await ReadAllAsync([segment]);
        await _world.DeleteAsync("c2");
        _world.Time.Advance(TimeSpan.FromDays(31));
        await _world.DeleteAsync("c1");
        await using (var snapshot = await _world.OpenAsync([segment], []))
        {
            Assert.That(snapshot.CheckPosition(Position(reader))?.Reason, Is.EqualTo("CHANGE_FEED_EXPIRED"));
        }
    }

    [Test]
    public async Task Members_are_counted_right_when_the_deletion_of_one_is_forgotten()
    {
        await MergeAsync("c1", 50);
        await MergeAsync("c2", 50);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        await _world.DeleteAsync("c2");
        await ReadAllAsync([segment]);
        _world.Time.Advance(TimeSpan.FromDays(31));
        await _world.Forget.RunAsync(_world.Environment, default);
        await ReadAllAsync([segment]);
    }

    [Test]
    public async Task A_stream_that_is_open_sees_nothing_of_what_happens_meanwhile()
    {
        await _world.MergeAsync([.. Enumerable.Range(0, 3000).Select(i => Row(i, $"c{i:D4}", 50))]);
        var segment = await _world.AddSegmentAsync(SpendAtLeast(20));
        await _world.RefreshAsync(segment);
        await using var snapshot = await _world.OpenAsync([segment], ["Spend"]);
        await using var pages = snapshot.ReadMembersAsync("", CancellationToken.None).GetAsyncEnumerator();
        await pages.MoveNextAsync();
        await _world.DeleteAsync([.. Enumerable.Range(0, 1000).Select(i => $"c{i + 1500:D4}")]);
        await _world.MergeAsync(Row(1, "c2999", 99));
        await _world.RefreshAsync(segment);
        var members = pages.Current.Members.ToList();
        while (await pages.MoveNextAsync())
        {
            members.AddRange(pages.Current.Members);
        }

        Assert.That(members, Has.Count.EqualTo(3000));
        Assert.That(members[^1].Values[0].NumberValue, Is.EqualTo(50));
    }

    private static Comparison SpendAtLeast(double spend) => new("Spend", Operator.GreaterThanOrEqualTo, [Scalar.Of(spend)], IgnoreCase: false, TimeUnit.None);

    private static ProfileRow Row(long line, string id, double spend) => new(line, id, IsDeleted: false, [Scalar.Of("e"), Scalar.Of(spend), Scalar.OfDate(-1), Scalar.Of(true)]);

    private static FeedPosition Position(Reader reader) => new(reader.Position.ChangeNumber, reader.Position.SegmentVersions);

    private Task<Merged> MergeAsync(string id, double spend) => _world.MergeAsync(Row(1, id, spend));

    private async Task RefreshAllAsync(SegmentName[] segments)
    {
        foreach (var segment in segments)
        {
            await _world.RefreshAsync(segment);
        }
    }

    private async Task ChangeSomethingAsync(Random random, SegmentName[] segments)
    {
        _world.Time.Advance(TimeSpan.FromMilliseconds(5));
        switch (random.Next(6))
        {
            case 0:
                await _world.DeleteAsync($"c{random.Next(12)}", $"c{random.Next(12)}-");
                break;
            case 1 or 2:
                await _world.RefreshAsync(segments[random.Next(segments.Length)]);
                break;
            default:
                await _world.MergeAsync([.. Enumerable.Range(0, random.Next(1, 5)).Select(i => new ProfileRow(
                    i, $"c{random.Next(12)}", IsDeleted: false, [Scalar.Of($"e{random.Next(3)}"), Scalar.Of((double)random.Next(100)), Scalar.Null, Scalar.Of(random.Next(2) == 0)]))]);
                break;
        }
    }

    private async Task<Reader> ReadAllAsync(SegmentName[] segments)
    {
        var pages = await _world.MembersAsync(segments, Attributes);
        var reader = new Reader(segments) { Position = pages[0].Position };
        reader.Apply(pages);
        for (var i = 0; i < segments.Length; i++)
        {
            var count = reader.Members.Values.Count(m => (m.SegmentBits & (1UL << i)) != 0);
            Assert.That(pages[0].MemberCounts[segments[i].ToString()], Is.EqualTo(count), "the count is that of the snapshot");
        }

        return reader;
    }

    private async Task FollowAsync(Reader reader)
    {
        var pages = await _world.ChangesAsync(reader.Segments, Attributes, reader.Position);
        reader.Apply(pages);
        reader.Position = pages[0].Position;
    }

    private static IEnumerable<string> Describe(Reader reader) => reader.Members.Values.Select(m => m.ToString());

    private sealed class Reader(SegmentName[] segments)
    {
        public SegmentName[] Segments { get; } = segments;

        public SortedDictionary<string, Wire.Member> Members { get; } = new(StringComparer.Ordinal);

        public required Wire.FeedPosition Position { get; set; }

        public void Apply(List<Wire.MembershipPage> pages)
        {
            Assert.That(pages.SelectMany(p => p.Members).Select(m => m.CustomerId), Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal).And.Unique);
            Assert.That(pages.SelectMany(p => p.RemovedCustomerIds), Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal).And.Unique);
            foreach (var member in pages.SelectMany(p => p.Members))
            {
                Members[member.CustomerId] = member;
            }

            foreach (var id in pages.SelectMany(p => p.RemovedCustomerIds))
            {
                Members.Remove(id);
            }
        }
    }
}
