using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Exports.Tests.Defining;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class ExportStoreTests(Engine engine) : IAsyncDisposable
{
    private readonly string _environment = Some.EnvironmentId();
    private TestDatabase _test = null!;
    private Database _database = null!;

    [SetUp]
    public async Task Open()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _database = await _test.OpenAsync("exports", typeof(ExportsApp).Assembly);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Test]
    public async Task Find_returns_what_was_inserted()
    {
        var export = Samples.Export(_environment, "x", Samples.Segment(_environment, "b"), Samples.Segment(_environment, "a"));
        await InsertAsync(export);

        var found = await ReadAsync(session => ExportStore.FindAsync(session, export.Name));

        Assert.That(Text(found!), Is.EqualTo(Text(export)));
        Assert.That(await ReadAsync(session => ExportStore.FindAsync(session, export.Name with { Export = "y" })), Is.Null);
    }

    [Test]
    public async Task Insert_under_a_taken_name_or_request_changes_nothing()
    {
        var export = Samples.Export(_environment) with { RequestId = "r-1" };

        Assert.That(await InsertAsync(export), Is.True);
        Assert.That(await InsertAsync(Samples.Export(_environment)), Is.False);
        Assert.That(await InsertAsync(Samples.Export(_environment, "other") with { RequestId = "r-1" }), Is.False);
        Assert.That(Text((await ReadAsync(session => ExportStore.FindAsync(session, export.Name)))!), Is.EqualTo(Text(export)));
    }

    [Test]
    public async Task Update_changes_the_definition_and_keeps_versions_given()
    {
        var export = Samples.Export(_environment);
        await InsertAsync(export);
        var changed = export with
        {
            Definition = export.Definition with { DisplayName = "Other", Connection = "", Segments = [Samples.Segment(_environment, "new")], FollowRefreshes = false },
            Warnings = [],
            Etag = "2",
        };

        await _database.WriteAsync(
            transaction => ExportStore.UpdateDefinitionAsync(transaction, changed, new Dictionary<string, long> { [Samples.Segment(_environment, "new")] = 7 }),
            CancellationToken.None);

        Assert.That(Text((await ReadAsync(session => ExportStore.FindByUidAsync(session, export.Uid)))!), Is.EqualTo(Text(changed)));
        Assert.That(await SettledAsync(export), Is.EqualTo(new Dictionary<string, long> { [Samples.Segment(_environment, "new")] = 7 }));
    }

    [Test]
    public async Task List_pages_by_name_and_filters_by_connection()
    {
        foreach (var id in new[] { "c", "a", "b", "d" })
        {
            var export = Samples.Export(_environment, id);
            await InsertAsync(id == "b" ? export with { Definition = export.Definition with { Connection = "other" } } : export);
        }

        await InsertAsync(Samples.Export(Some.EnvironmentId(), "a"));

        Assert.That(await IdsAsync("", new Paging(2, "")), Is.EqualTo(new[] { "a", "b", "c" }), "one more than the page");
        Assert.That(await IdsAsync("", new Paging(2, "b")), Is.EqualTo(new[] { "c", "d" }));
        Assert.That(await IdsAsync("other", new Paging(10, "")), Is.EqualTo(new[] { "b" }));
    }

    [Test]
    public async Task LockFollowers_finds_exports_of_the_segment_that_follow_and_are_connected()
    {
        var follower = Samples.Export(_environment, "follower", Samples.Segment(_environment), Samples.Segment(_environment, "b"));
        var silent = Samples.Export(_environment, "silent");
        var disconnected = Samples.Export(_environment, "disconnected");
        await InsertAsync(follower);
        await InsertAsync(silent with { Definition = silent.Definition with { FollowRefreshes = false } });
        await InsertAsync(disconnected with { Definition = disconnected.Definition with { Connection = "" } });
        await InsertAsync(Samples.Export(_environment, "other", Samples.Segment(_environment, "other")));

        var found = await _database.WriteAsync(transaction => ExportStore.LockFollowersAsync(transaction, Samples.Segment(_environment)), CancellationToken.None);

        Assert.That(found.Select(export => export.Uid), Is.EqualTo(new[] { follower.Uid }));
    }

    [Test]
    public async Task Settle_never_goes_back_and_passes_over_strangers()
    {
        var export = Samples.Export(_environment);
        await InsertAsync(export, 3);

        await SettleAsync(export, 5);
        await SettleAsync(export, 4);

        Assert.That(await SettledAsync(export), Is.EqualTo(new Dictionary<string, long> { [Samples.Segment(_environment)] = 5 }));
    }

    [Test]
    public async Task SetLastRun_counts_failures_in_a_row_and_forgets_them_with_a_success()
    {
        var export = Samples.Export(_environment);
        await InsertAsync(export);

        foreach (var (state, ended, failures) in new (RunState, bool, int)[]
                 {
                     (RunState.Failed, true, 1), (RunState.Queued, false, 1), (RunState.Failed, true, 2), (RunState.Canceled, true, 2), (RunState.Successful, true, 0),
                 })
        {
            await _database.WriteAsync(transaction => ExportStore.SetLastRunAsync(transaction, export.Uid, state, ended ? Samples.Time : null), CancellationToken.None);
            var found = (await ReadAsync(session => ExportStore.FindByUidAsync(session, export.Uid)))!;
            Assert.That((found.LastRunState, found.LastRunTime, found.FailuresInARow), Is.EqualTo(((RunState?)state, (DateTimeOffset?)Samples.Time, failures)));
        }
    }

    [Test]
    public async Task ListIdleFollowers_leaves_out_what_is_due_or_active()
    {
        var idle = Samples.Export(_environment, "idle");
        var due = Samples.Export(_environment, "due");
        var active = Samples.Export(_environment, "active");
        var ended = Samples.Export(_environment, "ended");
        foreach (var export in new[] { idle, due, active, ended })
        {
            await InsertAsync(export);
        }

        await _database.WriteAsync(
            async transaction =>
            {
                await ExportStore.SetDueAsync(transaction, due.Uid, RunTrigger.CatchUp);
                await RunStore.InsertAsync(transaction, Samples.Run(active));
                await RunStore.InsertAsync(transaction, Samples.Run(ended, RunState.Failed));
            },
            CancellationToken.None);

        var found = await ReadAsync(session => ExportStore.ListIdleFollowersAsync(session, "", 10));

        Assert.That(found.Select(export => export.Name.Export), Is.EquivalentTo(new[] { "idle", "ended" }));
        Assert.That((await ReadAsync(session => ExportStore.FindAsync(session, due.Name)))!.Due, Is.EqualTo(RunTrigger.CatchUp));
    }

    private Task<T> ReadAsync<T>(Func<Session, Task<T>> read) => _database.ReadAsync(read, CancellationToken.None);

    private Task<bool> InsertAsync(Export export, long settled = 0) => _database.WriteAsync(
        transaction => ExportStore.InsertAsync(transaction, export, export.Definition.Segments.ToDictionary(segment => segment, _ => settled)),
        CancellationToken.None);

    private Task SettleAsync(Export export, long version) => _database.WriteAsync(
        transaction => ExportStore.SettleAsync(transaction, export.Uid, new Dictionary<string, long> { [Samples.Segment(_environment)] = version, ["stranger"] = 9 }),
        CancellationToken.None);

    private Task<IReadOnlyDictionary<string, long>> SettledAsync(Export export) => ReadAsync(session => ExportStore.SettledVersionsAsync(session, export.Uid));

    private async Task<IEnumerable<string>> IdsAsync(string connection, Paging paging) =>
        (await ReadAsync(session => ExportStore.ListAsync(session, _environment, connection, paging))).Select(export => export.Name.Export);

    // Records compare lists by reference; what they hold is what counts.
    private static string Text(Export export) => System.Text.Json.JsonSerializer.Serialize(export);
}
