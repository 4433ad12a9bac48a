using CustomerInsights.Quickstart.Walking;

namespace CustomerInsights.Repository.Quickstart;

[Parallelizable(ParallelScope.All)]
public sealed class CsvHeaderTests
{
    [TestCase("CustomerId, Email ,\tCity\nc1,a,b\n")]
    [TestCase("\uFEFFCustomerId,\"Email\",City\r\n")]
    [TestCase("CustomerId,Email,City")]
    public void Columns_are_read_as_the_import_reads_them(string file) =>
        Assert.That(Read(file), Is.EqualTo(new[] { "CustomerId", "Email", "City" }));

    [Test]
    public void Quotes_keep_commas_and_line_breaks() =>
        Assert.That(Read("\"a,b\",\"c\nd\",\"e\"\"f\"\n"), Is.EqualTo(new[] { "a,b", "c\nd", "e\"f" }));

    private static IReadOnlyList<string> Read(string file)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, file);
            return CsvHeader.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
