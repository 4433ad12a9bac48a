using CustomerInsights.Reference.Writing;

namespace CustomerInsights.Repository.Contracts;

/// <summary>The contracts of this checkout are in order, nothing that landed is broken, and docs/api/ says what they say.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ContractsTests
{
    [Test]
    public async Task The_contracts_pass_their_check() => (await Command.RunAsync("eng/protos.sh", "check")).MustSucceed();

    [Test]
    public void Every_exception_from_the_rules_has_its_reason()
    {
        var lines = Checkout.Read("protos/buf.yaml").Split('\n');
        var inExceptions = false;
        var unexplained = new List<string>();
        foreach (var (index, line) in lines.Index())
        {
            var key = line.Trim();
            inExceptions = key.EndsWith(':') ? key is "except:" or "ignore:" or "ignore_only:" : inExceptions;
            if (inExceptions && key.StartsWith('-') && !lines[index - 1].TrimStart().StartsWith('#'))
            {
                unexplained.Add($"protos/buf.yaml({index + 1}): say in a comment above {key[2..]} why the exception is made.");
            }
        }

        Rule.Holds(unexplained);
    }

    [Test]
    public async Task The_reference_says_what_the_contracts_say()
    {
        var expected = Pages.Write(await Described.PackagesAsync());
        var present = Checkout.FilesUnder("docs/api/", ".md").ToDictionary(path => path["docs/api/".Length..], Checkout.Read);
        Rule.Holds(expected.Keys.Union(present.Keys).Order(StringComparer.Ordinal)
            .Where(page => expected.GetValueOrDefault(page) != present.GetValueOrDefault(page))
            .Select(page => $"docs/api/{page}: differs from the comments in protos/; run eng/protos.sh generate."));
    }

    [Test]
    public async Task Links_of_the_reference_lead_to_a_heading()
    {
        var pages = Pages.Write(await Described.PackagesAsync());
        var anchors = pages.ToDictionary(
            page => page.Key,
            page => page.Value.Split('\n').Where(l => l.StartsWith('#')).Select(l => Markdown.Anchor(l.TrimStart('#').Trim())).ToList());
        Rule.Holds(
            from page in pages
            from System.Text.RegularExpressions.Match link in System.Text.RegularExpressions.Regex.Matches(page.Value, @"\]\(([\w.]*)#([^)]+)\)")
            let target = link.Groups[1].Value.Length == 0 ? page.Key : link.Groups[1].Value
            where !anchors.TryGetValue(target, out var headings) || !headings.Contains(link.Groups[2].Value)
            select $"docs/api/{page.Key}: links to {link.Value}, where no heading is.");
    }
}
