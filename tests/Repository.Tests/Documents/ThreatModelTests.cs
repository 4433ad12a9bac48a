using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Documents;

/// <summary>Every claim of the threat model has a test that is there.</summary>
public sealed partial class ThreatModelTests
{
    private const string Document = "docs/threat-model.md";

    private static readonly string[] Marks = ["Test", "TestCase", "TestCaseSource"];

    [Test]
    public void Every_claim_is_proven_by_a_test_that_exists()
    {
        var tests = SourceFile.All
            .Where(file => file.Path.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(file => file.Types)
            .SelectMany(type => type.Members.OfType<MethodDeclarationSyntax>().Where(IsTest).Select(method => $"{type.Identifier.Text}.{method.Identifier.Text}"))
            .ToHashSet(StringComparer.Ordinal);
        Rule.Holds(
            from line in Claims()
            let proof = Proof().Match(line)
            where !proof.Success || !tests.Contains(proof.Groups[1].Value)
            select $"{Document}: \"{line}\" must end with the test that proves it, as Fixture.Test; {(proof.Success ? "there is none of that name" : "it names none")}.");
    }

    [Test]
    public void There_are_claims() => Assert.That(Claims(), Is.Not.Empty);

    private static IEnumerable<string> Claims() =>
        Checkout.Read(Document).Split('\n').Where(line => line.StartsWith('|') && !line.StartsWith("| ---", StringComparison.Ordinal) && !line.StartsWith("| Claim |", StringComparison.Ordinal));

    private static bool IsTest(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute => Marks.Contains(attribute.Name.ToString()));

    [GeneratedRegex(@"\| `(\w+\.\w+)` \|$")]
    private static partial Regex Proof();
}
