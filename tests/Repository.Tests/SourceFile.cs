using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository;

/// <summary>One C# file as a syntax tree.</summary>
/// <param name="Path">Relative to the root.</param>
internal sealed record SourceFile(string Path, CompilationUnitSyntax Tree)
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> Everything = new(() => [.. Checkout.FilesUnder("", ".cs").Select(Load)]);

    /// <summary>All C# of the repository.</summary>
    public static IReadOnlyList<SourceFile> All => Everything.Value;

    /// <summary>What runs in production or at a user's desk: everything but tests.</summary>
    public static IEnumerable<SourceFile> Product => All.Where(f => !f.Path.StartsWith("tests/", StringComparison.Ordinal));

    /// <summary>What is under services/.</summary>
    public static IEnumerable<SourceFile> Services => All.Where(f => f.Path.StartsWith("services/", StringComparison.Ordinal));

    public static SourceFile Parse(string path, string text) => new(path, (CompilationUnitSyntax)CSharpSyntaxTree.ParseText(text).GetRoot());

    public IEnumerable<TypeDeclarationSyntax> Types => Tree.DescendantNodes().OfType<TypeDeclarationSyntax>();

    /// <summary>Whether others decide its shape: the namespaces that repeat the public shape of Grpc.Core, so that generated stubs fit.</summary>
    public bool RepeatsForeignShape => Tree.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Any(n => n.Name.ToString().StartsWith("Grpc.", StringComparison.Ordinal));

    public int LineCount => Tree.GetText().Lines.Count(l => l.End < Tree.FullSpan.End || l.Span.Length > 0);

    /// <summary>"path(line)", as compilers write it.</summary>
    public string At(Microsoft.CodeAnalysis.SyntaxNode node) => $"{Path}({node.GetLocation().GetLineSpan().StartLinePosition.Line + 1})";

    private static SourceFile Load(string path) => Parse(path, Checkout.Read(path));
}
