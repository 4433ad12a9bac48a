using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

[Parallelizable(ParallelScope.All)]
public sealed class RowReaderTests
{
    [TestCase("a,b\nc,d", "a|b/c|d")]
    [TestCase("a,b\r\nc,d\r\n", "a|b/c|d")]
    [TestCase("\uFEFFa,\n\n\r\n,b", "a|/|b")]
    [TestCase("\"a,\"\"b\"\"\n\",c\nd", "a,\"b\"\n|c/d")]
    [TestCase("", "")]
    [TestCase("\uFEFF", "")]
    public void Rows_are_read(string text, string expected) => Assert.That(string.Join('/', Rows(new MemoryStream(Encoding.UTF8.GetBytes(text)))), Is.EqualTo(expected));

    [Test]
    public void Pieces_of_any_size_make_the_same_rows()
    {
        var text = string.Concat(Enumerable.Range(0, 200).Select(i => $"{i},\"q\"\"{new string('x', i)}\",é\r\n"));
        var whole = Rows(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        Assert.That(whole, Has.Count.EqualTo(200));
        Assert.That(Rows(new DrippingStream(Encoding.UTF8.GetBytes(text))), Is.EqualTo(whole));
    }

    [TestCase("a\n\"b")]
    [TestCase("long")]
    public void What_never_ends_is_invalid(string text)
    {
        var bytes = text == "long" ? new byte[2_000_000] : Encoding.UTF8.GetBytes(text);
        Assert.That(() => Rows(new MemoryStream(bytes)), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Rows_are_counted_without_blank_ones() =>
        Assert.That(new RowReader(new MemoryStream("aa\r\nbb\r\n\r\n\"c\nc\"\r\n"u8.ToArray()), (byte)',').CountRows(), Is.EqualTo(3));

    private static List<string> Rows(Stream stream)
    {
        var reader = new RowReader(stream, (byte)',');
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Encoding.UTF8.GetString(reader.Field(i)))));
        }

        return rows;
    }

    /// <summary>Gives one to seven bytes at a time.</summary>
    private sealed class DrippingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1 + (int)(Position % 7)));
    }
}
