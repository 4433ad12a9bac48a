using System.Runtime.CompilerServices;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Importing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Tests.Importing;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class ImportProfilesTests(Engine engine)
{
    private const string Header = "CustomerId,Email,Spend,LastVisit,IsActive\n";

    private World _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await World.CreateAsync(engine);

    [Test]
    public async Task Good_rows_are_stored_and_the_counts_add_up()
    {
        var first = await ImportAsync(Header + "c1,a,1,,\nc2,b,x,,\nc3,c,3,2024-05-31,true\nc1,d,4,,\n,e,5,,\n");
        Assert.Multiple(() =>
        {
            Assert.That(Counts(first), Is.EqualTo("read 5 inserted 2 updated 0 unchanged 0 deleted 0 rejected 3 at 1"));
            Assert.That(first.Errors.Select(e => $"{e.Line}:{e.Column}:{e.Field}:{e.Reason}"), Is.EqualTo(
                new[] { "3:3:Spend:INVALID_VALUE", "5:1:CustomerId:DUPLICATE_KEY", "6:1:CustomerId:MISSING_KEY" }));
            Assert.That(first.Errors[1].Message, Does.Contain("line 2"));
        });
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c1 1 a 1", "c3 1 c 3" }));
    }

    [Test]
    public async Task Only_changed_rows_get_the_new_number()
    {
        await ImportAsync(Header + "c1,a,1,,\nc2,b,2,,\nc3,c,,,true\n");
        var second = await ImportAsync(Header + "c1,a,1,,\nc2,b,2.5,,\nc3,c,,,true\nc4,d,,,\n");
        Assert.That(Counts(second), Is.EqualTo("read 4 inserted 1 updated 1 unchanged 2 deleted 0 rejected 0 at 2"));
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c1 1 a 1", "c2 2 b 2.5", "c3 1 c ", "c4 2 d " }));
        var third = await ImportAsync(Header + "c4,d,,,\n");
        Assert.That(Counts(third), Is.EqualTo("read 1 inserted 0 updated 0 unchanged 1 deleted 0 rejected 0 at 2"));
    }

    [Test]
    public async Task Attributes_that_the_file_has_no_column_for_keep_their_values()
    {
        await ImportAsync(Header + "c1,a,1,,\nc2,b,2,,\n");
        await ImportAsync("Spend,CustomerId\n,c1\n7,c2\n8,c3\n");
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c1 2 a ", "c2 2 b 7", "c3 2  8" }));
    }

    [Test]
    public async Task A_file_of_ids_alone_inserts_what_is_new()
    {
        await ImportAsync(Header + "c1,a,1,,\n");
        Assert.That(Counts(await ImportAsync("CustomerId\nc1\nc2\n")), Is.EqualTo("read 2 inserted 1 updated 0 unchanged 1 deleted 0 rejected 0 at 2"));
    }

    [Test]
    public async Task Marked_rows_delete_profiles_and_unknown_ones_count_as_unchanged()
    {
        await ImportAsync(Header + "c1,a,1,,\nc2,b,2,,\n");
        var outcome = await ImportAsync("CustomerId,Spend,gone\nc1,,1\nc9,,true\nc2,3,false\nc1,5,0\n", "gone");
        Assert.That(Counts(outcome), Is.EqualTo("read 4 inserted 0 updated 1 unchanged 1 deleted 1 rejected 1 at 2"));
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c2 2 b 3" }));
        Assert.That((await _world.SetAsync()).ProfileCount, Is.EqualTo(1));
    }

    [Test]
    public async Task An_attribute_whose_column_marks_deletions_keeps_its_values([Values] bool json)
    {
        await ImportAsync(Header + "c1,a,1,,true\nc2,b,2,,true\n");
        var file = json ? "{\"CustomerId\":\"c1\",\"Email\":\"x\",\"IsActive\":false}\n" : "CustomerId,Email,isactive\nc1,x,0\n";
        var request = new ImportRequest(_world.Environment, json ? FileFormat.JsonLines : FileFormat.Csv, new Dictionary<string, string>(), "IsActive", ValidateOnly: false);
        Assert.That((await _world.Import.RunAsync(request, World.Chunks(file), default)).Value.Merged.Updated, Is.EqualTo(1));
        var set = await _world.SetAsync();
        Assert.That(await _world.Database.ReadAsync(s => s.QuerySingleAsync<long>($"SELECT count(*) FROM {set.Table} WHERE a_isactive"), default), Is.EqualTo(2));
    }

    [Test]
    public async Task A_file_beyond_the_limit_is_refused_with_the_limit_and_imports_nothing()
    {
        var world = await World.CreateAsync(engine, options: new SegmentsOptions { MaxImportBytes = 5000 });
        var tooLarge = (await world.ImportCsvAsync("CustomerId\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"c{i:D4}\n")))).Refusal!;
        Assert.That((tooLarge.Kind, tooLarge.Reason), Is.EqualTo((RefusalKind.ResourceExhausted, "IMPORT_TOO_LARGE")));
        Assert.That(tooLarge.Message, Does.Contain("5000 bytes"));

        // Small to send, and large in the spool: a member that a line leaves out means null, and takes room, too.
        var wide = SomeSchema.WithEveryKind;
        await world.DeclareAsync(wide with { Attributes = [.. wide.Attributes, .. Enumerable.Range(0, 100).Select(i => new ProfileAttribute($"x{i}", AttributeKind.String, ""))] });
        var request = new ImportRequest(world.Environment, FileFormat.JsonLines, new Dictionary<string, string>(), "", ValidateOnly: false);
        var lines = string.Concat(Enumerable.Range(0, 100).Select(i => $"{{\"CustomerId\":\"c{i:D2}\"}}\n"));
        Assert.That((await world.Import.RunAsync(request, World.Chunks(lines), default)).Refusal?.Reason, Is.EqualTo("IMPORT_TOO_LARGE"));
        Assert.That((await world.SetAsync()).ProfileCount, Is.Zero);
        Assert.That((await world.ImportCsvAsync("CustomerId\nc1\n")).Value.Merged.Inserted, Is.EqualTo(1));
    }

    [Test]
    public async Task A_check_stores_nothing_but_tells_what_would_be()
    {
        await ImportAsync(Header + "c1,a,1,,\nc2,b,2,,\n");
        var checkedOnly = (await _world.ImportCsvAsync("CustomerId,Spend,gone\nc1,9,\nc2,,1\nc3,x,\nc4,1,\nc4,1,\n", "gone", validateOnly: true)).Value;
        Assert.That(Counts(checkedOnly), Is.EqualTo("read 5 inserted 1 updated 1 unchanged 0 deleted 1 rejected 2 at 1"));
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c1 1 a 1", "c2 1 b 2" }));
        Assert.That((await _world.SetAsync()).ChangeNumber, Is.EqualTo(1));
        Assert.That(Counts(await ImportAsync(Header + "c1,a,1,,\n")), Does.Contain("unchanged 1"));
    }

    [Test]
    public async Task A_stream_that_breaks_off_imports_nothing()
    {
        var request = new ImportRequest(_world.Environment, FileFormat.Csv, new Dictionary<string, string>(), "", ValidateOnly: false);
        Assert.That(async () => await _world.Import.RunAsync(request, BrokenOff(), default), Throws.TypeOf<IOException>());
        Assert.That(await RowsAsync(), Is.Empty);

        static async IAsyncEnumerable<ReadOnlyMemory<byte>> BrokenOff([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var chunk in World.Chunks(Header + string.Concat(Enumerable.Range(0, 5000).Select(i => $"c{i},,,,\n"))).WithCancellation(cancellationToken))
            {
                yield return chunk;
            }

            throw new IOException("Broken off.");
        }
    }

    [Test]
    public async Task Refused_files_leave_nothing()
    {
        Assert.That((await _world.ImportCsvAsync("CustomerId,Shoe\nc1,1\n")).Refusal?.Kind, Is.EqualTo(RefusalKind.InvalidArgument));
        Assert.That((await _world.ImportCsvAsync("")).Refusal?.Kind, Is.EqualTo(RefusalKind.InvalidArgument));
        Assert.That(await RowsAsync(), Is.Empty);
    }

    [Test]
    public async Task The_first_thousand_errors_come_in_file_order_and_all_are_counted()
    {
        var lines = Enumerable.Range(0, 3000).Select(i => (i % 3) switch { 0 => $"c{i},,x,,\n", 1 => "same,,,,\n", _ => $"c{i},,,,\n" });
        var outcome = await ImportAsync(Header + string.Concat(lines));
        Assert.Multiple(() =>
        {
            Assert.That(Counts(outcome), Is.EqualTo("read 3000 inserted 1001 updated 0 unchanged 0 deleted 0 rejected 1999 at 1"));
            Assert.That(outcome.Errors, Has.Count.EqualTo(1000));
            Assert.That(outcome.Errors.Select(e => e.Line), Is.Ordered);
            Assert.That(outcome.Errors[^1].Line, Is.LessThan(1510));
        });
    }

    [Test]
    public async Task Ids_are_told_apart_by_case_and_kept_in_byte_order()
    {
        await ImportAsync("CustomerId\nb\nB\nä\na\nA\nZ\n_\n-\n\"x y\"\n😀\nﬀ\n");
        Assert.That((await RowsAsync()).Select(r => r.Split(' ')[0]), Is.EqualTo(new[] { "-", "A", "B", "Z", "_", "a", "b", "x", "ä", "ﬀ", "😀" }));
    }

    [Test]
    public async Task Imports_of_several_clients_take_distinct_numbers()
    {
        var imports = Enumerable.Range(0, 6).Select(i => Task.Run(() => ImportAsync(Header + $"c{i},a,{i},,\nshared,a,{i},,\n")));
        var outcomes = await Task.WhenAll(imports);
        Assert.That(outcomes.Select(o => o.Merged.ChangeNumber), Is.EquivalentTo(new long[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That((await _world.SetAsync()).ProfileCount, Is.EqualTo(7));
    }

    [Test]
    public async Task Extending_the_schema_keeps_the_profiles()
    {
        await ImportAsync(Header + "c1,a,1,,\n");
        var schema = SomeSchema.WithEveryKind;
        await _world.DeclareAsync(schema with { Attributes = [.. schema.Attributes, new ProfileAttribute("xmin", AttributeKind.String, "")] });
        var outcome = await ImportAsync("CustomerId,XMIN\nc1,x\nc2,y\n");
        Assert.That(Counts(outcome), Is.EqualTo("read 2 inserted 1 updated 1 unchanged 0 deleted 0 rejected 0 at 2"));
        Assert.That(await RowsAsync(), Is.EqualTo(new[] { "c1 2 a 1", "c2 2  " }));
    }

    private async Task<ImportOutcome> ImportAsync(string file, string deleteColumn = "") => (await _world.ImportCsvAsync(file, deleteColumn)).Value;

    private static string Counts(ImportOutcome outcome)
    {
        var merged = outcome.Merged;
        Assert.That(merged.Inserted + merged.Updated + merged.Unchanged + merged.Deleted + outcome.Rejected, Is.EqualTo(outcome.RowsRead));
        return $"read {outcome.RowsRead} inserted {merged.Inserted} updated {merged.Updated} unchanged {merged.Unchanged} deleted {merged.Deleted} rejected {outcome.Rejected} at {merged.ChangeNumber}";
    }

    private async Task<IReadOnlyList<string>> RowsAsync()
    {
        var set = await _world.SetAsync();
        var rows = await _world.Database.ReadAsync(
            s => s.QueryAsync<Row>($"SELECT \"_id\" AS id, \"_changed\" AS changed, a_email AS email, a_spend AS spend FROM {set.Table} ORDER BY \"_id\""), default);
        return [.. rows.Select(r => FormattableString.Invariant($"{r.Id} {r.Changed} {r.Email} {r.Spend}"))];
    }

    private sealed record Row(string Id, long Changed, string? Email, double? Spend);
}
