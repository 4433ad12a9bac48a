using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Shape;

/// <summary>An interface earns its place by a second implementation in source, or by a decision record that names it.</summary>
internal static class Interfaces
{
    public static IEnumerable<string> Violations(IReadOnlyList<SourceFile> files, string decisions)
    {
        var implementations = files
            .SelectMany(f => f.Types)
            .Where(t => t is not InterfaceDeclarationSyntax && t.BaseList is not null)
            .SelectMany(t => t.BaseList!.Types.Select(b => (Interface: NameOf(b.Type), Type: t.Identifier.Text)))
            .Distinct()
            .ToLookup(pair => pair.Interface);
        foreach (var file in files)
        {
            foreach (var declared in file.Types.OfType<InterfaceDeclarationSyntax>())
            {
                var name = declared.Identifier.Text;
                var count = implementations[name].Count();
                if (count < 2 && !Regex.IsMatch(decisions, $@"\b{Regex.Escape(name)}\b"))
                {
                    yield return $"{file.At(declared)}: {name} has {count} implementation(s); use the class itself, or say in docs/decisions/ why it is an interface.";
                }
            }
        }
    }

    private static string NameOf(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax qualified => NameOf(qualified.Right),
        AliasQualifiedNameSyntax alias => NameOf(alias.Name),
        SimpleNameSyntax simple => simple.Identifier.Text,
        _ => type.ToString(),
    };
}
