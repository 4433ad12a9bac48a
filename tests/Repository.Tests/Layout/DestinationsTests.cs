using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Layout;

public sealed class DestinationsTests
{
    [Test]
    public void Every_destination_proves_itself_against_the_contract_suite()
    {
        var destinations = SourceFile.Services.SelectMany(f => f.Types.Where(t => t is not InterfaceDeclarationSyntax && Inherits(t, "IDestination")).Select(t => (File: f, Type: t)));
        var fixtures = SourceFile.All
            .Where(f => f.Path.StartsWith("tests/", StringComparison.Ordinal))
            .Where(f => f.Types.Any(t => Inherits(t, "DestinationContract")))
            .Select(f => f.Path).ToList();
        Rule.Holds(destinations
            .Where(d => !fixtures.Any(f => f.StartsWith($"tests/{ProjectOf(d.File.Path)}.Tests/", StringComparison.Ordinal)))
            .Select(d => $"{d.File.At(d.Type)}: {d.Type.Identifier.Text} has no fixture in tests/{ProjectOf(d.File.Path)}.Tests that derives from DestinationContract."));
    }

    private static bool Inherits(TypeDeclarationSyntax type, string name) =>
        type.BaseList?.Types.Any(b => b.Type.ToString() is var text && (text == name || text.StartsWith(name + "<", StringComparison.Ordinal))) == true;

    private static string ProjectOf(string path) => path.Split('/') is ["services", "Workers" or "Shared", var inner, ..] parts
        ? parts[1] == "Workers" ? $"Workers.{inner}" : inner
        : path.Split('/')[1];
}
