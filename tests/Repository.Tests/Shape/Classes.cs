using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Shape;

/// <summary>Every class is sealed, static or abstract; a part of a partial class may leave it to another part.</summary>
internal static class Classes
{
    public static IEnumerable<string> Violations(IReadOnlyList<SourceFile> files)
    {
        var decided = files.SelectMany(f => f.Types).Where(IsDecided).Select(FullName).ToHashSet(StringComparer.Ordinal);
        return
            from file in files
            from type in file.Types
            where type is ClassDeclarationSyntax || (type is RecordDeclarationSyntax record && !record.ClassOrStructKeyword.IsKind(SyntaxKind.StructKeyword))
            where !decided.Contains(FullName(type))
            select $"{file.At(type)}: {type.Identifier.Text} is open; make it sealed, static or abstract.";
    }

    private static bool IsDecided(TypeDeclarationSyntax type) => type.Modifiers.Any(m =>
        m.IsKind(SyntaxKind.SealedKeyword) || m.IsKind(SyntaxKind.StaticKeyword) || m.IsKind(SyntaxKind.AbstractKeyword));

    private static string FullName(TypeDeclarationSyntax type) => string.Join('.', type.AncestorsAndSelf().Reverse().Select(node => node switch
    {
        BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
        TypeDeclarationSyntax nested => $"{nested.Identifier.Text}`{nested.TypeParameterList?.Parameters.Count ?? 0}",
        _ => "",
    }));
}
