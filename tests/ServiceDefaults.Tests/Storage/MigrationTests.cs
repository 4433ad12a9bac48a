using System.Reflection;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Storage;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class MigrationTests(Engine engine) : IAsyncDisposable
{
    private const string Create = "CREATE TABLE things (id TEXT PRIMARY KEY, name TEXT NOT NULL);\nCREATE INDEX things_name ON things (name);\n";
    private const string Extend = "ALTER TABLE things ADD COLUMN amount BIGINT NOT NULL DEFAULT 7;";

    private static readonly CancellationToken None = CancellationToken.None;

    private TestDatabase _test = null!;

    [SetUp]
    public async Task CreateDatabase() => _test = await TestDatabase.CreateAsync(engine);

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Test]
    public async Task Later_migration_keeps_the_rows_that_are_there()
    {
        var first = await _test.OpenAsync("app", Carrying(("0001_things.sql", Create)));
        await first.WriteAsync(t => t.ExecuteAsync("INSERT INTO things (id, name) VALUES ('a', 'one')"), None);

        var second = await _test.OpenAsync("app", Carrying(("0001_things.sql", Create), ("0002_amount.sql", Extend)));

        var row = await second.ReadAsync(s => s.QuerySingleAsync<(string, string, long)>("SELECT id, name, amount FROM things"), None);
        Assert.That(row, Is.EqualTo(("a", "one", 7)));
    }

    [Test]
    public async Task Own_tables_and_those_of_the_service_are_recorded_with_checksum_and_time()
    {
        var time = new ManualTimeProvider();
        var database = await _test.OpenAsync("app", Carrying(("0001_things.sql", Create)), time);

        var rows = await database.ReadAsync(
            s => s.QueryAsync<(string Set, string Name, string Checksum, long AppliedAt)>("SELECT set_name, name, checksum, applied_at FROM migrations ORDER BY set_name"), None);

        Assert.That(rows.Select(r => r.Set).Distinct(), Is.EquivalentTo(["app", "service-defaults"]));
        Assert.That(rows[0].Name, Is.EqualTo("things"));
        Assert.That(rows[0].Checksum, Has.Length.EqualTo(64));
        Assert.That(rows.Select(r => r.AppliedAt), Has.All.EqualTo(time.GetUtcNow().ToMicroseconds()));
    }

    [Test]
    public async Task Changed_text_of_an_applied_one_refuses_to_start()
    {
        await _test.OpenAsync("app", Carrying(("0001_things.sql", Create)));

        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(("0001_things.sql", Create + "-- changed"))),
            Throws.TypeOf<MigrationException>().With.Message.Contains("0001_things of app was applied with another text"));
    }

    [Test]
    public async Task Line_ends_of_the_checkout_do_not_change_the_checksum()
    {
        await _test.OpenAsync("app", Carrying(("0001_things.sql", Create)));

        await Assert.ThatAsync(() => _test.OpenAsync("app", Carrying(("0001_things.sql", Create.ReplaceLineEndings("\r\n")))), Throws.Nothing);
    }

    [Test]
    public async Task Number_unknown_to_the_binary_refuses_to_start()
    {
        await _test.OpenAsync("app", Carrying(("0001_things.sql", Create), ("0002_amount.sql", Extend)));

        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(("0001_things.sql", Create))),
            Throws.TypeOf<MigrationException>().With.Message.Contains("0002_amount").And.Message.Contains("newer version"));
    }

    [Test]
    public async Task Number_below_an_applied_one_refuses_to_start()
    {
        await _test.OpenAsync("app", Carrying(("0002_things.sql", Create)));

        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(("0001_late.sql", "CREATE TABLE late (id TEXT)"), ("0002_things.sql", Create))),
            Throws.TypeOf<MigrationException>().With.Message.Contains("forward only"));
    }

    [Test]
    public async Task Failing_migration_leaves_nothing_behind()
    {
        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(("0001_things.sql", Create), ("0002_broken.sql", "ALTER TABLE nowhere ADD COLUMN x BIGINT"))),
            Throws.InstanceOf<System.Data.Common.DbException>());

        await Assert.ThatAsync(() => _test.OpenAsync("app", Carrying(("0001_things.sql", Create))), Throws.Nothing);
    }

    [Test]
    public async Task Variant_of_the_engine_is_taken()
    {
        var database = await _test.OpenAsync(
            "app",
            Carrying(("0001_things.sqlite.sql", "CREATE TABLE only_sqlite (id TEXT)"), ("0001_things.postgresql.sql", "CREATE TABLE only_postgresql (id TEXT)")));

        var table = engine == Engine.Sqlite ? "only_sqlite" : "only_postgresql";
        Assert.That(await database.ReadAsync(s => s.QuerySingleAsync<int>($"SELECT COUNT(*) FROM {table}"), None), Is.Zero);
    }

    [Test]
    public async Task Missing_or_doubled_number_is_named()
    {
        var other = engine == Engine.Sqlite ? "postgresql" : "sqlite";
        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(($"0001_things.{other}.sql", Create))),
            Throws.TypeOf<MigrationException>().With.Message.Contains("0 migrations 0001"));
        await Assert.ThatAsync(
            () => _test.OpenAsync("app", Carrying(("0001_things.sql", Create), ("0001_others.sql", Extend))),
            Throws.TypeOf<MigrationException>().With.Message.Contains("2 migrations 0001"));
    }

    [Test]
    public async Task Replicas_that_start_at_once_apply_each_migration_once()
    {
        var service = Carrying(("0001_things.sql", Create), ("0002_amount.sql", Extend));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _test.OpenUnmigrated("app", service)).ToList().Select(d => d.MigrateAsync(None)));

        var database = _test.OpenUnmigrated("app", service);
        Assert.That(await database.ReadAsync(s => s.QuerySingleAsync<int>("SELECT COUNT(*) FROM migrations WHERE set_name = 'app'"), None), Is.EqualTo(2));
    }

    // What differs between versions of a service is its embedded files: an assembly is made that has just these.
    private static AssemblyOfFiles Carrying(params (string File, string Sql)[] files) => new AssemblyOfFiles(files);

    private sealed class AssemblyOfFiles((string File, string Sql)[] files) : Assembly
    {
        public override string[] GetManifestResourceNames() => [.. files.Select(f => $"Some.Service.Migrations.{f.File}")];

        public override Stream? GetManifestResourceStream(string name) =>
            new MemoryStream(System.Text.Encoding.UTF8.GetBytes(files.Single(f => name.EndsWith(f.File, StringComparison.Ordinal)).Sql));

        public override AssemblyName GetName() => new("Some.Service");
    }
}
