using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Shape;

/// <summary>
/// Every asynchronous method takes a cancellation token, or something that carries one: a call's context, a session of
/// the database. Left out: overrides and what frameworks call by a shape of theirs, a program's entry, which lives until a
/// signal, types that hold the token of their own lifetime, and what only goes on after a task that it is given.
/// </summary>
internal static class Tokens
{
    private static readonly HashSet<string> ShapedElsewhere = ["DisposeAsync", "Main", "ProcessRequestAsync"];
    private static readonly HashSet<string> StreamWriters = ["IAsyncStreamWriter", "IClientStreamWriter", "IServerStreamWriter"];
    private static readonly HashSet<string> Asynchronous = ["Task", "ValueTask", "IAsyncEnumerable", "AsyncUnaryCall"];

    public static IEnumerable<string> Violations(SourceFile file) =>
        from method in file.Tree.DescendantNodes().OfType<MethodDeclarationSyntax>()
        where IsAsynchronous(method.ReturnType) && !IsDecidedElsewhere(method) && !method.ParameterList.Parameters.Any(CarriesToken) && !HoldsToken(method)
        select $"{file.At(method)}: {method.Identifier.Text} is asynchronous and takes no CancellationToken; take one as the last parameter and pass it on.";

    private static bool IsAsynchronous(TypeSyntax type) => Asynchronous.Contains(NameOf(type));

    private static string NameOf(TypeSyntax type) => type switch
    {
        QualifiedNameSyntax qualified => NameOf(qualified.Right),
        SimpleNameSyntax simple => simple.Identifier.Text,
        _ => "",
    };

    private static bool IsDecidedElsewhere(MethodDeclarationSyntax method) =>
        method.Modifiers.Any(m => m.IsKind(SyntaxKind.OverrideKeyword))
        || method.ExplicitInterfaceSpecifier is not null
        || ShapedElsewhere.Contains(method.Identifier.Text)
        || (method.Parent is TypeDeclarationSyntax type && type.BaseList?.Types.Any(b => StreamWriters.Contains(NameOf(b.Type))) == true)
        || method.ParameterList.Parameters.Any(p => p.Type is not null && Asynchronous.Contains(NameOf(p.Type)))
        || method.ParameterList.Parameters.Any(p => p.Type?.ToString() == "string[]" && p.Identifier.Text == "args");

    private static bool CarriesToken(ParameterSyntax parameter) => CarriesToken(parameter.Type);

    private static bool CarriesToken(TypeSyntax? declared)
    {
        var type = declared?.ToString().TrimEnd('?') ?? "";
        var name = type.Contains('<', StringComparison.Ordinal) ? type[..type.IndexOf('<', StringComparison.Ordinal)] : type;
        return name is "CancellationToken" or "Session" or "Transaction" || name.EndsWith("Context", StringComparison.Ordinal);
    }

    private static bool HoldsToken(MethodDeclarationSyntax method) => method.Ancestors().OfType<TypeDeclarationSyntax>().Take(1).Any(type =>
        type.BaseList?.Types.Any(b => b.Type.ToString() is "Session" or "Transaction") == true
        || type.Members.OfType<PropertyDeclarationSyntax>().Any(p => p.Type.ToString() == "CancellationToken")
        || type.ParameterList?.Parameters.Any(CarriesToken) == true
        || type.Members.OfType<FieldDeclarationSyntax>().Any(f => CarriesToken(f.Declaration.Type) || f.Declaration.Type.ToString() == "CancellationTokenSource"));
}
