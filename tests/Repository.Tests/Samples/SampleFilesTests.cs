using System.Text;
using CustomerInsights.Quickstart.Sampling;

namespace CustomerInsights.Repository.Samples;

[Parallelizable(ParallelScope.All)]
public sealed class SampleFilesTests
{
    private static readonly SampleFiles Generated = SampleFiles.Generate(SampleFiles.Count, SampleFiles.Seed);

    [Test]
    public void The_committed_files_are_what_the_generator_makes()
    {
        Assert.Multiple(() =>
        {
            Assert.That(ReadBytes("customers.csv").SequenceEqual(Generated.Customers), "deploy/samples/customers.csv differs; run './run.sh generate' and commit the files.");
            Assert.That(ReadBytes("changes.csv").SequenceEqual(Generated.Changes), "deploy/samples/changes.csv differs; run './run.sh generate' and commit the files.");
        });
    }

    [Test]
    public void Another_seed_makes_other_customers() =>
        Assert.That(SampleFiles.Generate(1_000, 8).Customers, Is.Not.EqualTo(SampleFiles.Generate(1_000, 7).Customers));

    [Test]
    public void Customers_are_as_many_as_promised_and_all_different()
    {
        var rows = Rows(Generated.Customers);
        Assert.Multiple(() =>
        {
            Assert.That(rows, Has.Count.EqualTo(SampleFiles.Count));
            Assert.That(rows.Select(r => r.Split(',')[0]), Is.Unique);
            Assert.That(rows.Select(r => r.Split(',')[1]), Is.Unique);
        });
    }

    [Test]
    public void Changes_hold_some_of_every_kind_that_a_refresh_must_tell_apart()
    {
        var before = Rows(Generated.Customers).ToDictionary(r => r.Split(',')[0]);
        var changes = Rows(Generated.Changes);
        var known = changes.Where(r => before.ContainsKey(r.Split(',')[0])).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(changes.Count - known.Count, Is.EqualTo(5), "new customers");
            Assert.That(changes.Count(r => r.EndsWith(",true", StringComparison.Ordinal)), Is.EqualTo(1), "deleted customers");
            Assert.That(known.Count(r => r[..r.LastIndexOf(',')] == before[r.Split(',')[0]]), Is.EqualTo(10 + 1), "rows as before, and the deleted one");
            Assert.That(known.Count(r => r.Contains(".moved@example.com", StringComparison.Ordinal)), Is.EqualTo(25 + 15), "moved members and others");
        });
    }

    private static List<string> Rows(byte[] file) => [.. Encoding.UTF8.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];

    private static byte[] ReadBytes(string name) => File.ReadAllBytes(Path.Combine(Checkout.Root, "deploy", "samples", name));
}
