using System.Text.Json;
using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Exports.Tests.Running;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class RunStoreTests(Engine engine) : IAsyncDisposable
{
    private readonly Export _export = Samples.Export(Some.EnvironmentId());
    private TestDatabase _test = null!;
    private Database _database = null!;

    [SetUp]
    public async Task Open()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _database = await _test.OpenAsync("exports", typeof(ExportsApp).Assembly);
        await _database.WriteAsync(transaction => ExportStore.InsertAsync(transaction, _export, new Dictionary<string, long>()), CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Test]
    public async Task Find_returns_what_was_inserted_and_updated()
    {
        var run = Samples.Run(_export) with
        {
            ResendAll = true,
            EmptyAudiences = true,
            SegmentDisplayNames = new Dictionary<string, string> { [_export.Definition.Segments[0]] = "Our \"best\" Größen" },
        };
        await InsertAsync(run);
        Assert.That(Text((await FindAsync(run))!), Is.EqualTo(Text(run)));

        var changed = run with
        {
            State = RunState.Processing,
            StartTime = Samples.Time.AddSeconds(1),
            ProgressTime = Samples.Time.AddSeconds(2),
            ThrottledUntil = Samples.Time.AddSeconds(3),
            CancelRequested = true,
            Reason = "CANCELED",
            Message = "Somebody asked.",
            Counts = new RunCounts(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            SegmentCounts = [new SegmentCounts(_export.Definition.Segments[0], 5, 6, 7, 8, 9, 10, 11) { Removed = 12 }],
            ListedRows = 12,
            UnlistedRows = 13,
        };
        await _database.WriteAsync(transaction => RunStore.UpdateAsync(transaction, changed), CancellationToken.None);

        Assert.That(Text((await FindAsync(run))!), Is.EqualTo(Text(changed)));
    }

    [Test]
    public async Task Find_by_the_name_of_another_export_is_null()
    {
        var run = Samples.Run(_export);
        await InsertAsync(run);

        Assert.That(await FindAsync(run with { Name = run.Name with { Export = run.Name.Export with { Export = "other" } } }), Is.Null);
    }

    [Test]
    public async Task A_second_active_run_is_refused_by_the_database()
    {
        await InsertAsync(Samples.Run(_export, RunState.Processing));
        await InsertAsync(Samples.Run(_export, RunState.Successful));

        await Assert.ThatAsync(() => InsertAsync(Samples.Run(_export)), Throws.InstanceOf<System.Data.Common.DbException>());
    }

    [Test]
    public async Task List_is_newest_first_and_pages()
    {
        var runs = Enumerable.Range(0, 4).Select(_ => Samples.Run(_export, RunState.Successful)).ToList();
        foreach (var run in runs)
        {
            await InsertAsync(run);
        }

        var newestFirst = runs.Select(run => run.Name.Run).OrderDescending(StringComparer.Ordinal).ToList();
        Assert.That(await ListAsync(new Paging(2, "")), Is.EqualTo(newestFirst.Take(3)));
        Assert.That(await ListAsync(new Paging(2, newestFirst[1])), Is.EqualTo(newestFirst.Skip(2)));
    }

    [TestCase(RunState.Queued, 10, null, null, ExpectedResult = true)]
    [TestCase(RunState.Queued, 1, null, null, ExpectedResult = false)]
    [TestCase(RunState.Processing, 50, 40, null, ExpectedResult = true)]
    [TestCase(RunState.Processing, 50, 1, null, ExpectedResult = false)]
    [TestCase(RunState.Processing, 1, 40, null, ExpectedResult = false)]
    [TestCase(RunState.Processing, 50, 40, 1, ExpectedResult = false)]
    [TestCase(RunState.Failed, 50, 40, null, ExpectedResult = false)]
    public async Task<bool> ListSilent_finds_runs_of_which_nothing_is_heard(RunState state, int asked, int? heard, int? throttledUntil)
    {
        DateTimeOffset Ago(int minutes) => Samples.Time.AddMinutes(-minutes);
        var run = Samples.Run(_export, state, Ago(asked));
        await InsertAsync(run);
        await _database.WriteAsync(
            transaction => RunStore.UpdateAsync(transaction, run with
            {
                ProgressTime = heard is { } minutes ? Ago(minutes) : null,
                ThrottledUntil = throttledUntil is { } until ? Ago(until) : null,
            }),
            CancellationToken.None);

        return (await _database.ReadAsync(session => RunStore.ListSilentAsync(session, Ago(5), Ago(30), 10), CancellationToken.None)).Count == 1;
    }

    [Test]
    public async Task DeleteEnded_removes_old_runs_and_those_of_removed_exports()
    {
        var gone = Samples.Export(_export.Name.Environment, "gone");
        var old = await EndedAsync(_export, daysAgo: 401);
        var recent = await EndedAsync(_export, daysAgo: 2);
        var orphan = await EndedAsync(gone, daysAgo: 2);
        var freshOrphan = await EndedAsync(gone, daysAgo: 0);
        var active = Samples.Run(gone);
        await InsertAsync(active);

        var deleted = await _database.WriteAsync(
            transaction => RunStore.DeleteEndedAsync(transaction, Samples.Time.AddDays(-400), Samples.Time.AddDays(-1), 10), CancellationToken.None);

        Assert.That(deleted, Is.EqualTo(2));
        Assert.That(new[] { await FindAsync(old), await FindAsync(orphan) }, Has.All.Null);
        Assert.That(new[] { await FindAsync(recent), await FindAsync(freshOrphan), await FindAsync(active) }, Has.All.Not.Null);
    }

    private async Task<ExportRun> EndedAsync(Export export, int daysAgo)
    {
        var run = Samples.Run(export, RunState.Successful) with { EndTime = Samples.Time.AddDays(-daysAgo) };
        await InsertAsync(run);
        return run;
    }

    private Task InsertAsync(ExportRun run) => _database.WriteAsync(transaction => RunStore.InsertAsync(transaction, run), CancellationToken.None);

    private Task<ExportRun?> FindAsync(ExportRun run) => _database.ReadAsync(session => RunStore.FindAsync(session, run.Name), CancellationToken.None);

    private async Task<IEnumerable<string>> ListAsync(Paging paging) =>
        (await _database.ReadAsync(session => RunStore.ListAsync(session, _export.Uid, paging), CancellationToken.None)).Select(run => run.Name.Run);

    private static string Text(ExportRun run) => JsonSerializer.Serialize(run);
}
