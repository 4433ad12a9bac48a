using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Shape;

/// <summary>Files, methods and parameter lists stay small enough to read; records are data and may be wide.</summary>
internal static class Sizes
{
    private const int MaxFileLines = 400;
    private const int MaxMethodLines = 60;
    private const int MaxParameters = 6;

    public static IEnumerable<string> Violations(SourceFile file)
    {
        if (file.LineCount > MaxFileLines)
        {
            yield return $"{file.Path}: {file.LineCount} lines; split it by subject, at most {MaxFileLines}.";
        }

        foreach (var method in file.Tree.DescendantNodes().Where(n => n is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax))
        {
            var lines = method.GetLocation().GetLineSpan() is var span ? span.EndLinePosition.Line - span.StartLinePosition.Line + 1 : 0;
            if (lines > MaxMethodLines)
            {
                yield return $"{file.At(method)}: a method of {lines} lines; split it by step, at most {MaxMethodLines}.";
            }
        }

        foreach (var parameters in file.Tree.DescendantNodes().OfType<ParameterListSyntax>().Where(p => p.Parent is not RecordDeclarationSyntax))
        {
            if (parameters.Parameters.Count > MaxParameters && !file.RepeatsForeignShape && !IsGenerated(parameters.Parent!))
            {
                yield return $"{file.At(parameters)}: {parameters.Parameters.Count} parameters; group what belongs together in a record, at most {MaxParameters}.";
            }
        }
    }

    // A log message's parameters are its fields; the generator writes the body.
    private static bool IsGenerated(SyntaxNode owner) => owner is MethodDeclarationSyntax method
        && method.AttributeLists.SelectMany(l => l.Attributes).Any(a => a.Name.ToString() == "LoggerMessage");
}
