using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Contracts;

/// <summary>Who may call a method, in words, from the attribute on the door that implements it.</summary>
internal static class DoorRequirement
{
    private const string Suffix = "ServiceBase";

    private static readonly Lazy<IReadOnlyList<TypeDeclarationSyntax>> Doors = new(() =>
        [.. SourceFile.Services.SelectMany(f => f.Types).Where(t => Generated(t).EndsWith(Suffix, StringComparison.Ordinal))]);

    /// <summary>The requirement; when there is none, what is missing.</summary>
    public static string Of(string service, string method)
    {
        var door = Doors.Value.FirstOrDefault(t => Generated(t).EndsWith($"{service}.{service}Base", StringComparison.Ordinal));
        var rpc = door?.Members.OfType<MethodDeclarationSyntax>().FirstOrDefault(m => m.Identifier.Text == method);
        var attribute = rpc?.AttributeLists.SelectMany(l => l.Attributes).FirstOrDefault(a => a.Name.ToString().StartsWith("Requires", StringComparison.Ordinal));
        return attribute is null ? $"nothing: no door implements {service}.{method} with a requirement" : Describe(attribute, door!);
    }

    private static string Generated(TypeDeclarationSyntax type) => type.BaseList?.Types[0].Type.ToString() ?? "";

    private static string Describe(AttributeSyntax attribute, TypeDeclarationSyntax door)
    {
        var arguments = attribute.ArgumentList?.Arguments.ToList() ?? [];
        var processes = arguments.SelectMany(a => a.Expression.DescendantNodesAndSelf()).Select(e => Text(e, door)).OfType<string>().ToList();
        return attribute.Name.ToString() switch
        {
            "RequiresRole" => Role(arguments[0]) + (processes.Count > 0 ? $", or {Processes(processes)}" : "") + (arguments.Any(a => a.NameEquals?.Name.Identifier.Text == "OrWorkers") ? ", or a worker" : ""),
            "RequiresService" => processes.Count > 0 ? Processes(processes) : "a process of this system",
            "RequiresWorker" => "a worker",
            "RequiresCaller" => arguments.Count > 0 ? "platform administrator" : "any authenticated caller",
            var other => throw new InvalidOperationException($"[{other}] has no words yet."),
        };
    }

    private static string Role(AttributeArgumentSyntax argument) => ((MemberAccessExpressionSyntax)argument.Expression).Name.Identifier.Text.ToLowerInvariant();

    private static string Processes(List<string> names) => names.Count == 1 ? $"the process {names[0]}" : $"one of the processes {string.Join(", ", names)}";

    // A literal, or a constant of the door.
    private static string? Text(Microsoft.CodeAnalysis.SyntaxNode expression, TypeDeclarationSyntax door) => expression switch
    {
        LiteralExpressionSyntax { Token.Value: string text } => text,
        IdentifierNameSyntax name => door.Members.OfType<FieldDeclarationSyntax>().SelectMany(f => f.Declaration.Variables)
            .Where(v => v.Identifier.Text == name.Identifier.Text)
            .Select(v => ((LiteralExpressionSyntax)v.Initializer!.Value).Token.ValueText).FirstOrDefault(),
        _ => null,
    };
}
