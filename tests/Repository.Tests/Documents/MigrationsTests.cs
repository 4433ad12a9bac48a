using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Documents;

/// <summary>Migrations are numbered without gaps, and an engine's variant never stands alone.</summary>
public sealed partial class MigrationsTests
{
    [Test]
    public void Migrations_are_numbered_and_complete() => Rule.Holds(Checkout.FilesUnder("services/", ".sql")
        .GroupBy(path => path[..path.LastIndexOf('/')])
        .SelectMany(folder => Complaints(folder.Key, [.. folder.Select(path => path[(path.LastIndexOf('/') + 1)..])])));

    [TestCase("0001_a.sql", "0003_b.sql")]
    [TestCase("0001_a.sqlite.sql", "0002_b.sql")]
    [TestCase("first.sql", "0002_b.sql")]
    public void Gaps_and_lone_variants_are_found(string first, string second) => Assert.That(Complaints("x", [first, second]).ToList(), Is.Not.Empty);

    [Test]
    public void Complete_migrations_are_fine() =>
        Assert.That(Complaints("x", ["0001_a.sql", "0002_b.sqlite.sql", "0002_b.postgresql.sql"]).ToList(), Is.Empty);

    private static IEnumerable<string> Complaints(string folder, IReadOnlyList<string> files)
    {
        foreach (var odd in files.Where(f => !Shape().IsMatch(f)))
        {
            yield return $"{folder}/{odd}: name it 0001_what_it_does.sql, with .sqlite or .postgresql before .sql where the engines differ.";
        }

        var byNumber = files.Select(f => Shape().Match(f)).Where(m => m.Success).GroupBy(m => int.Parse(m.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)).OrderBy(g => g.Key).ToList();
        for (var i = 0; i < byNumber.Count; i++)
        {
            if (byNumber[i].Key != i + 1)
            {
                yield return $"{folder}: expected number {i + 1:0000} and found {byNumber[i].Key:0000}; numbers have no gaps.";
                yield break;
            }

            var variants = byNumber[i].Select(m => m.Groups[3].Value).Order(StringComparer.Ordinal).ToList();
            if (!variants.SequenceEqual([""]) && !variants.SequenceEqual([".postgresql", ".sqlite"]))
            {
                yield return $"{folder}: number {byNumber[i].Key:0000} needs one text for both engines, or one for each.";
            }
        }
    }

    [GeneratedRegex(@"^([0-9]{4})_([a-z0-9_]+)(\.sqlite|\.postgresql)?\.sql$")]
    private static partial Regex Shape();
}
