using System.IO.Compression;
using CustomerInsights.Destinations;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

[Parallelizable(ParallelScope.All)]
public sealed class UploadFileTests
{
    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [TestCase(FileKind.Additions, "Add")]
    [TestCase(FileKind.Removals, "Remove")]
    [TestCase(FileKind.Replacement, "Replace")]
    public async Task A_list_row_with_its_action_and_one_row_for_each_member(FileKind kind, string action)
    {
        var hashes = Enumerable.Range(0, 3).Select(i => HashedEmail.Of($"person{i}@example.com")).ToList();
        var lines = await WriteAsync(kind, hashes);
        Assert.That(lines[0], Does.StartWith("Type,Status,Id,Parent Id,Client Id,").And.EndsWith(",Sub Type,Text"));
        Assert.That(lines[1], Is.EqualTo("Format Version,,,,,,6.0,,,,,,,,"));
        Assert.That(Fields(lines, 2), Is.EqualTo(new Dictionary<string, string> { ["Type"] = "Customer List", ["Id"] = "819689004", ["Client Id"] = "list", ["Action Type"] = action }));
        for (var i = 0; i < hashes.Count; i++)
        {
            Assert.That(Fields(lines, 3 + i), Is.EqualTo(new Dictionary<string, string>
            {
                ["Type"] = "Customer List Item", ["Parent Id"] = "819689004", ["Client Id"] = $"{i}", ["Sub Type"] = "Email", ["Text"] = hashes[i],
            }));
        }
    }

    [Test]
    public async Task Many_rows_keep_their_order_and_the_file_is_gone_when_it_is_closed()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var hashes = Enumerable.Range(0, 5_000).Select(i => HashedEmail.Of($"person{i}@example.com")).ToList();
            var upload = new UploadFile(Options.Create(new MicrosoftAdvertisingOptions { SpoolFolder = folder.FullName }));
            await using (var file = await upload.WriteAsync(FileKind.Additions, "1", hashes.ToAsyncEnumerable(), Token))
            {
                var lines = await LinesAsync(file!);
                Assert.That(lines.Skip(3).Select(line => line.Split(',')[^1]), Is.EqualTo(hashes));
            }

            Assert.That(folder.EnumerateFiles(), Is.Empty);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A row that was written in part would say something about somebody else, or about nobody.
    [Test]
    public void A_row_that_is_longer_than_rows_can_be_is_a_defect() =>
        Assert.That(async () => await WriteAsync(FileKind.Additions, [new string('a', 100_000)]), Throws.InvalidOperationException);

    // D-13: nobody's terms are accepted for them.
    [Test]
    public async Task No_row_accepts_the_terms()
    {
        var lines = await WriteAsync(FileKind.Additions, [HashedEmail.Of("person@example.com")]);
        var column = Array.IndexOf(lines[0].Split(','), "Accept Customer Match Term");
        Assert.That(column, Is.Positive);
        Assert.That(lines.Skip(1).Select(line => line.Split(',')[column]), Is.All.Empty);
    }

    [Test]
    public async Task A_list_row_alone_says_what_the_list_is_called_and_has_no_members()
    {
        var upload = new UploadFile(Options.Create(new MicrosoftAdvertisingOptions()));
        await using var file = await upload.WriteListAsync("7", new WantedAudience("1", "a, \"b\" ü", "mark", -1), Token);
        var lines = await LinesAsync(file);
        Assert.That(lines[2..], Is.EqualTo(new[] { "Customer List,,7,,list,,,\"mark\",,\"a, \"\"b\"\" ü\",Add,,-1,," }));
        Assert.That(lines[2].Count(c => c == ','), Is.EqualTo(lines[0].Count(c => c == ',') + 1), "one column each; one comma is in the name");
    }

    private static async Task<IReadOnlyList<string>> WriteAsync(FileKind kind, IEnumerable<string> keys)
    {
        var upload = new UploadFile(Options.Create(new MicrosoftAdvertisingOptions()));
        await using var file = await upload.WriteAsync(kind, "819689004", keys.ToAsyncEnumerable(), Token);
        return await LinesAsync(file!);
    }

    private static async Task<string[]> LinesAsync(Stream file)
    {
        await using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        var entry = zip.Entries.Single();
        Assert.That(entry.Name, Does.EndWith(".csv"));
        using var reader = new StreamReader(await entry.OpenAsync(Token));
        var text = await reader.ReadToEndAsync(Token);
        return text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private static Dictionary<string, string> Fields(IReadOnlyList<string> lines, int row) =>
        lines[0].Split(',').Zip(lines[row].Split(',')).Where(field => field.Second.Length > 0).ToDictionary(field => field.First, field => field.Second);
}
