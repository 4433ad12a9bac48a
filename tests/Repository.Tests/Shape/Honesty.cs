using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Shape;

/// <summary>Nothing is swallowed, nothing is left for later, every log message is declared, every door is closed by default.</summary>
internal static class Honesty
{
    private static readonly HashSet<string> PlainLogging =
        ["LogTrace", "LogDebug", "LogInformation", "LogWarning", "LogError", "LogCritical", "Log"];

    private static readonly HashSet<string> Requirements = ["RequiresRole", "RequiresService", "RequiresWorker", "RequiresCaller", "AllowsAnyone"];

    public static IEnumerable<string> EmptyCatches(SourceFile file) =>
        from clause in file.Tree.DescendantNodes().OfType<CatchClauseSyntax>()
        where clause.Block.Statements.Count == 0 && !IsAwaitedCancellation(clause)
        select $"{file.At(clause)}: an empty catch; handle the exception, or let it go up. Only a filtered cancellation with a comment may be dropped.";

    public static IEnumerable<string> LeftForLater(SourceFile file)
    {
        var later = file.Tree.DescendantTrivia().Where(t => t.ToString() is var text && Marks.Any(m => text.Contains(m, StringComparison.Ordinal)));
        foreach (var trivia in later)
        {
            yield return $"{file.Path}({trivia.GetLocation().GetLineSpan().StartLinePosition.Line + 1}): left for later; do it now, or write an issue.";
        }

        foreach (var thrown in file.Tree.DescendantNodes().OfType<ObjectCreationExpressionSyntax>().Where(o => o.Type.ToString() == "NotImplementedException"))
        {
            yield return $"{file.At(thrown)}: not implemented.";
        }
    }

    /// <summary>Log messages are generated methods in a class Log nested at the end of the class that logs.</summary>
    public static IEnumerable<string> PlainLogs(SourceFile file)
    {
        foreach (var call in file.Tree.DescendantNodes().OfType<InvocationExpressionSyntax>())
        {
            if (call.Expression is MemberAccessExpressionSyntax access && PlainLogging.Contains(access.Name.Identifier.Text)
                && access.Expression.ToString() is var target && target.Contains("logger", StringComparison.OrdinalIgnoreCase))
            {
                yield return $"{file.At(call)}: {access.Name.Identifier.Text} called by hand; declare the message in the nested class Log.";
            }
        }

        foreach (var message in file.Tree.DescendantNodes().OfType<MethodDeclarationSyntax>().Where(m => HasAttribute(m, "LoggerMessage")))
        {
            if (message.Parent is not ClassDeclarationSyntax { Identifier.Text: "Log" } log)
            {
                yield return $"{file.At(message)}: {message.Identifier.Text} belongs into a nested class Log.";
            }
            else if (log.Parent is TypeDeclarationSyntax outer && outer.Members[^1] != log)
            {
                yield return $"{file.At(log)}: the nested class Log comes last.";
            }
        }
    }

    /// <summary>Methods of gRPC services state who may call them, and leave exceptions to the one place that turns them into a status.</summary>
    public static IEnumerable<string> OpenDoors(SourceFile file)
    {
        var rpcs = file.Tree.DescendantNodes().OfType<MethodDeclarationSyntax>()
            .Where(m => m.Modifiers.Any(k => k.Text == "override") && m.ParameterList.Parameters.Any(p => p.Type?.ToString() == "ServerCallContext") && !IsInterceptor(m));
        foreach (var rpc in rpcs)
        {
            if (!Requirements.Any(r => HasAttribute(rpc, r)))
            {
                yield return $"{file.At(rpc)}: {rpc.Identifier.Text} does not say who may call it; add one of {string.Join(", ", Requirements.Select(r => $"[{r}]"))}.";
            }

            if (rpc.DescendantNodes().OfType<TryStatementSyntax>().Any(t => t.Catches.Count > 0))
            {
                yield return $"{file.At(rpc)}: {rpc.Identifier.Text} catches; refusals are values, and exceptions become a status in one place.";
            }
        }
    }

    // Written apart, so that this file does not break its own rule.
    private static readonly string[] Marks = ["TO" + "DO", "FIX" + "ME", "HA" + "CK"];

    private static bool HasAttribute(MethodDeclarationSyntax method, string name) =>
        method.AttributeLists.SelectMany(l => l.Attributes).Any(a => a.Name.ToString() is var n && (n == name || n == name + "Attribute"));

    // Interceptors are what the doors leave it to.
    private static bool IsInterceptor(MethodDeclarationSyntax method) =>
        method.Parent is TypeDeclarationSyntax { BaseList.Types: var types } && types.Any(t => t.Type.ToString() == "Interceptor");

    private static bool IsAwaitedCancellation(CatchClauseSyntax clause) =>
        clause.Declaration?.Type.ToString() == "OperationCanceledException" && clause.Filter is not null
        && clause.Block.DescendantTrivia().Any(t => t.ToString().StartsWith("//", StringComparison.Ordinal));
}
