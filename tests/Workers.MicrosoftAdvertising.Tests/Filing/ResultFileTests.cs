using System.IO.Compression;
using System.Text;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.TestKit;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

[Parallelizable(ParallelScope.All)]
public sealed class ResultFileTests
{
    private const string Header = "Type,Status,Id,Parent Id,Client Id,Error,Error Number,Field Path";

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Refused_rows_are_found_by_their_numbers()
    {
        var refusals = new FileRefusals(5);
        var fault = await ReadAsync(refusals, Zip($"\ufeff{Header}\r\n" + "Format Version,,,,,,,\r\n" + Row(3, 8005) + Row(1, 8006)));
        Assert.That(fault, Is.Null);
        Assert.That(Enumerable.Range(0, 5).Select(row => refusals[row]), Is.EqualTo(new[] { null, "ITEM_REFUSED", null, "ITEM_REFUSED", null }));
    }

    [Test]
    public async Task Columns_are_found_by_name_wherever_they_are()
    {
        var refusals = new FileRefusals(2);
        Assert.That(await ReadAsync(refusals, Zip("Error Number,X,Client Id,Type\r\n8005,,1,Customer List Item Error\r\n")), Is.Null);
        Assert.That(refusals[1], Is.EqualTo("ITEM_REFUSED"));
    }

    [TestCase(8003, ExpectedResult = "TERMS_NOT_ACCEPTED")]
    [TestCase(4835, ExpectedResult = "AUDIENCE_MISSING")]
    [TestCase(8004, ExpectedResult = "EMAIL_NOT_HASHED")]
    [TestCase(117, ExpectedResult = "DESTINATION_THROTTLED")]
    [TestCase(0, ExpectedResult = "DESTINATION_UNAVAILABLE")]
    public async Task<string?> A_code_about_the_whole_file_refuses_no_row(int code)
    {
        var refusals = new FileRefusals(3);
        var fault = await ReadAsync(refusals, Zip($"{Header}\r\n" + Row(0, code)));
        Assert.That(refusals.Count, Is.Zero);
        return fault?.Reason;
    }

    [Test]
    public async Task A_refused_list_row_refuses_the_file()
    {
        var fault = await ReadAsync(new FileRefusals(3), Zip($"{Header}\r\nCustomer List Error,,1,,list,X,9999,\r\n"));
        Assert.That((fault?.Answer, fault?.Reason), Is.EqualTo((Answer.Misdirected, "DESTINATION_REFUSES_REQUEST")));
    }

    // Lessons 2.8: a result that does not fit the file says nothing about anybody.
    [TestCase("Customer List Item Error,,,1,5,X,8005,\r\n", TestName = "A_row_that_the_file_does_not_have")]
    [TestCase("Customer List Item Error,,,1,-1,X,8005,\r\n", TestName = "A_negative_row")]
    [TestCase("Customer List Item Error,,,1,,X,8005,\r\n", TestName = "No_client_id")]
    [TestCase("Customer List Item Error,,,1,abc,X,8005,\r\n", TestName = "Another_client_id")]
    [TestCase("Customer List Item Error,,,1,99999999999999999999,X,8005,\r\n", TestName = "A_huge_client_id")]
    [TestCase("Customer List Item Error,,,1,1,X,,\r\n", TestName = "No_error_number")]
    [TestCase("Customer List Item Error,,,1,1,\"X,8005,\r\n", TestName = "An_open_quote")]
    public async Task A_result_that_does_not_fit_is_unknown(string rows) =>
        Assert.That((await ReadAsync(new FileRefusals(5), Zip($"{Header}\r\n{rows}")))?.Answer, Is.EqualTo(Answer.Unknown));

    [Test]
    public async Task More_rows_than_the_file_can_have_caused_are_unknown()
    {
        var rows = string.Concat(Enumerable.Repeat("Customer List Item,,,1,1,,,\r\n", 200));
        Assert.That((await ReadAsync(new FileRefusals(5), Zip($"{Header}\r\n{rows}")))?.Answer, Is.EqualTo(Answer.Unknown));
    }

    [TestCase("../../outside.csv")]
    [TestCase("/etc/outside.csv")]
    [TestCase("..\\outside.csv")]
    [TestCase("C:outside.csv")]
    [TestCase(".csv")]
    [TestCase("result.exe")]
    public async Task A_name_that_leads_elsewhere_is_not_opened(string name) =>
        Assert.That((await ReadAsync(new FileRefusals(5), Zip($"{Header}\r\n", name)))?.Answer, Is.EqualTo(Answer.Unknown));

    [Test]
    public async Task Several_files_in_one_are_not_opened()
    {
        using var stream = new MemoryStream();
        await using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("a.csv");
            zip.CreateEntry("b.csv");
        }

        stream.Position = 0;
        Assert.That((await ResultFile.ReadAsync(stream, new FileRefusals(5), Token))?.Answer, Is.EqualTo(Answer.Unknown));
    }

    [Test]
    public async Task What_is_no_zip_is_unknown()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("<html>Gateway timeout</html>"));
        Assert.That((await ResultFile.ReadAsync(stream, new FileRefusals(5), Token))?.Answer, Is.EqualTo(Answer.Unknown));
    }

    [Test]
    public async Task A_zip_that_grows_without_end_is_left_after_what_so_many_rows_can_be()
    {
        using var stream = new MemoryStream();
        await using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        await using (var entry = await zip.CreateEntry("result.csv", CompressionLevel.Fastest).OpenAsync(Token))
        {
            await entry.WriteAsync(Encoding.UTF8.GetBytes($"{Header}\r\n"), Token);
            var blank = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat($"x,{new string(' ', 10_000)},,,,,,\r\n", 100)));
            for (var i = 0; i < 100; i++)
            {
                await entry.WriteAsync(blank, Token);
            }
        }

        stream.Position = 0;
        var before = GC.GetTotalAllocatedBytes();
        Assert.That((await ResultFile.ReadAsync(stream, new FileRefusals(10), Token))?.Answer, Is.EqualTo(Answer.Unknown));
        Assert.That(stream.Length, Is.LessThan(2_000_000), "it really grows");
        Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(20_000_000));
    }

    // Lessons 2.3: a peer's mapping took the square of the rows.
    [Test]
    public async Task Reading_costs_a_row_the_same_however_many_there_are()
    {
        var (few, many) = (ZipRefused(5_000), ZipRefused(50_000));
        var small = await Quickest.OfAsync(() => ReadRefusedAsync(few, 5_000), enough: TimeSpan.MaxValue);
        var large = await Quickest.OfAsync(() => ReadRefusedAsync(many, 50_000), enough: small * 35);
        await TestContext.Out.WriteLineAsync($"measured: 5,000 refused rows {small.TotalMilliseconds:0} ms, 50,000 refused rows {large.TotalMilliseconds:0} ms");
        Assert.That(large / small, Is.LessThan(40), "ten times the rows, far from a hundred times the time");
    }

    private static byte[] ZipRefused(int rows)
    {
        var text = new StringBuilder($"{Header}\r\n");
        for (var i = rows - 1; i >= 0; i--)
        {
            text.Append(Row(i, 8005));
        }

        using var zipped = Zip(text.ToString());
        return zipped.ToArray();
    }

    private static async Task ReadRefusedAsync(byte[] zipped, int rows)
    {
        var refusals = new FileRefusals(rows);
        using var stream = new MemoryStream(zipped);
        Assert.That(await ResultFile.ReadAsync(stream, refusals, Token), Is.Null);
        Assert.That(refusals.Count, Is.EqualTo(rows));
    }

    private static string Row(int number, int code) =>
        $"Customer List Item,,,1,{number},,,\r\nCustomer List Item Error,,,1,{number},SomeError,{code},\"a \"\"quoted\"\" path, with comma\"\r\n";

    private static async Task<Fault?> ReadAsync(FileRefusals refusals, MemoryStream zipped)
    {
        await using (zipped)
        {
            return await ResultFile.ReadAsync(zipped, refusals, Token);
        }
    }

    private static MemoryStream Zip(string csv, string name = "result.csv")
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open())
        {
            entry.Write(Encoding.UTF8.GetBytes(csv));
        }

        stream.Position = 0;
        return stream;
    }
}
