using System.Text;
using CustomerInsights.Segments.Importing;

namespace CustomerInsights.Segments.Tests.Importing;

[Parallelizable(ParallelScope.All)]
public sealed class CsvReaderTests
{
    [TestCase("a,b\n1,2\n", "1:a|b 2:1|2")]
    [TestCase("a,b\r\n1,2\r\n", "1:a|b 2:1|2", TestName = "CRLF")]
    [TestCase("a,b\n1,2", "1:a|b 2:1|2", TestName = "no line end after the last row")]
    [TestCase("a,b\r\n1,2\r", "1:a|b 2:1|2", TestName = "half a line end after the last row")]
    [TestCase("\uFEFFa,b\n", "1:a|b", TestName = "byte-order mark")]
    [TestCase("a\n\n\r\nb\n", "1:a 4:b", TestName = "empty lines are passed over but counted")]
    [TestCase("a,,\n", "1:a||", TestName = "empty fields")]
    [TestCase("\"a\",\"b,c\"\n", "1:a|b,c", TestName = "quoted comma")]
    [TestCase("\"a\"\"b\",\"\"\"\"\n", "1:a\"b|\"", TestName = "doubled quotes")]
    [TestCase("\"a\nb\r\nc\",d\ne,f\n", "1:a\nb\r\nc|d 4:e|f", TestName = "line ends inside quotes")]
    [TestCase("\"\",x\n", "1:|x", TestName = "empty quoted field")]
    [TestCase("a\"b,c\n", "1:a\"b|c", TestName = "quote inside an unquoted field is text")]
    [TestCase("\"a\"\r\n\"b\"\r", "1:a 2:b", TestName = "quoted field before a line end")]
    [TestCase("a\rb\n", "1:a\rb", TestName = "a carriage return alone is text")]
    [TestCase("", "")]
    [TestCase("\uFEFF", "")]
    [TestCase("\n\r\n\r", "")]
    [TestCase("a,b\n1,\"x\n2,y\n3,z\n", "1:a|b 2:UNCLOSED_QUOTE@2 3:2|y 4:3|z", TestName = "unclosed until the end of the file")]
    [TestCase("a,b\n1,\"x\n2,\"y\"\n3,z\n", "1:a|b 2:UNCLOSED_QUOTE@2 3:2|y 4:3|z", TestName = "unclosed until the next quote")]
    [TestCase("a,b\n1,\"x\"y\n2,z\n", "1:a|b 2:UNCLOSED_QUOTE@2 3:2|z", TestName = "text after the closing quote")]
    [TestCase("\"x", "1:UNCLOSED_QUOTE@1")]
    [TestCase("\"x\n", "1:UNCLOSED_QUOTE@1")]
    [TestCase("\"x\"y", "1:UNCLOSED_QUOTE@1")]
    [TestCase("\"x\"\ry\nz\n", "1:UNCLOSED_QUOTE@1 2:z", TestName = "carriage return alone after the closing quote")]
    public void Rows_have_fields_and_lines(string file, string expected) =>
        Assert.That(string.Join(' ', Read(Encoding.UTF8.GetBytes(file), chunk: int.MaxValue)), Is.EqualTo(expected));

    [Test]
    public void Invalid_utf8_leaves_the_field_without_text()
    {
        byte[] file = [.. "a,"u8, 0xC3, 0x28, .. ",b\n"u8];
        Assert.That(Read(file, chunk: int.MaxValue), Is.EqualTo(new[] { "1:a|(invalid)|b" }));
    }

    [TestCase(CsvReader.MaxFieldBytes, false)]
    [TestCase(CsvReader.MaxFieldBytes + 1, true)]
    [TestCase(10 * CsvReader.MaxFieldBytes, true)]
    public void A_field_over_the_limit_costs_its_row_only(int size, bool isRefused)
    {
        foreach (var (open, close) in new[] { ("", ""), ("\"\n", "\n\"") })
        {
            var line = open.Length == 0 ? 3 : 5;
            var text = new string('x', size - (open.Length == 0 ? 0 : 2));
            var file = Encoding.UTF8.GetBytes($"a,b\n1,{open}{text}{close}\n2,y\n");
            var rows = Read(file, chunk: 100_000);
            Assert.That(rows, Has.Count.EqualTo(3));
            Assert.That(rows[1] == "2:FIELD_TOO_LARGE@2", Is.EqualTo(isRefused));
            Assert.That(rows[2], Is.EqualTo($"{line}:2|y"));
        }
    }

    [Test]
    public void A_field_over_the_limit_takes_no_more_memory_than_its_pieces()
    {
        var reader = new CsvReader();
        var row = new CsvRow();
        var chunk = Encoding.UTF8.GetBytes(new string('x', 64 * 1024));
        reader.Append("a,\""u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1024; i++)
        {
            reader.Append(chunk);
            Assert.That(reader.TryRead(row), Is.False);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(8 * 1024 * 1024));
    }

    [Test]
    public void A_quote_that_is_never_closed_after_too_much_text_is_told_as_that()
    {
        var file = Encoding.UTF8.GetBytes("a,b\n1,\"" + new string('x', 2 * CsvReader.MaxFieldBytes) + "\n2,y\n");
        Assert.That(Read(file, chunk: 100_000), Is.EqualTo(new[] { "1:a|b", "2:UNCLOSED_QUOTE@2" }));
    }

    [Test]
    public void A_row_over_the_limit_costs_itself_only()
    {
        var wide = string.Join(',', Enumerable.Repeat(new string('x', 900_000), 6));
        Assert.That(Read(Encoding.UTF8.GetBytes($"a\n{wide}\nb\n"), chunk: 300_000), Is.EqualTo(new[] { "1:a", "2:FIELD_TOO_LARGE@5", "3:b" }));
    }

    [Test]
    public void Pieces_cut_anywhere_give_the_same_rows([Range(1, 400)] int seed)
    {
        var random = new Random(seed);
        string[] parts = ["\"", "\"\"", ",", "\n", "\r\n", "\r", "a", "bc", "é", "\uFEFF", " "];
        var file = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => parts[random.Next(parts.Length)])));
        var whole = Read(file, int.MaxValue);
        Assert.Multiple(() =>
        {
            Assert.That(Read(file, 1), Is.EqualTo(whole));
            Assert.That(Read(file, chunk: random.Next(2, 8)), Is.EqualTo(whole));
        });
    }

    [Test]
    public void Pieces_cut_anywhere_give_the_same_rows_around_the_limits([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        string[] parts =
        [
            "\"", ",", "\n", "\r\n", "a", ",\"", "\",", "\"\n", new string('x', CsvReader.MaxFieldBytes - random.Next(5)), new string('y', 500_000),
        ];
        var file = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(25)).Select(_ => parts[random.Next(parts.Length)])));
        var whole = Read(file, int.MaxValue).ConvertAll(Shorten);
        Assert.That(Read(file, chunk: random.Next(1, 700_000)).ConvertAll(Shorten), Is.EqualTo(whole));

        static string Shorten(string row) => row.Length < 100 ? row : $"{row[..50]}…{row.Length}…{row[^20..]}";
    }

    private static List<string> Read(byte[] file, int chunk)
    {
        var reader = new CsvReader();
        var row = new CsvRow();
        var rows = new List<string>();
        for (var at = 0; at < file.Length; at += Math.Min(chunk, file.Length - at))
        {
            reader.Append(file.AsSpan(at, Math.Min(chunk, file.Length - at)));
            Drain();
        }

        reader.Complete();
        Drain();
        Assert.That(reader.TryRead(row), Is.False, "nothing is left");
        return rows;

        void Drain()
        {
            while (reader.TryRead(row))
            {
                rows.Add($"{row.Line}:" + (row.Error is { } error ? $"{error.Reason}@{error.Column}" : Fields(row)));
            }
        }
    }

    private static string Fields(CsvRow row) => string.Join('|', Enumerable.Range(0, row.FieldCount).Select(i => row.Text(i) ?? "(invalid)"));
}
