using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Validating;

/// <summary>
/// What the chart renders, as text that a review sees change. CI_ACCEPT_CHARTS=true with ./test.sh --only Charts writes it anew.
/// </summary>
public sealed class GoldenTests
{
    [TestCase("default")]
    [TestCase("production")]
    public void Renders_what_was_accepted(string ci)
    {
        var file = Checkout.PathOf($"tests/Charts.Tests/Golden/{ci}.yaml");
        var rendered = Sorted(Chart.With(ci).Text);
        if (Environment.GetEnvironmentVariable("CI_ACCEPT_CHARTS") == "true")
        {
            File.WriteAllText(file, rendered);
        }

        Assert.That(rendered, Is.EqualTo(File.Exists(file) ? File.ReadAllText(file) : ""), "Accept with CI_ACCEPT_CHARTS=true, and commit the difference.");
    }

    // Helm sorts by kind and our renderer by file; the order says nothing.
    private static string Sorted(string text) => string.Concat(
        ("\n" + text).Split("\n---", StringSplitOptions.RemoveEmptyEntries)
            .Select(document => string.Join('\n', document.Split('\n').Where(line => !line.StartsWith('#') && line.Trim().Length > 0)))
            .Where(document => document.Length > 0)
            .OrderBy(document => new Manifest(Yaml.Read(document)).Id, StringComparer.Ordinal)
            .Select(document => $"---\n{document}\n"));
}
