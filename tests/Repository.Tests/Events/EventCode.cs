using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Events;

/// <summary>What the code of the services does with topics, as its syntax shows.</summary>
internal static class EventCode
{
    private const string Subscribe = "Subscribe";
    private const string Publish = "PublishAsync";

    /// <summary>App ids of the processes that use a topic to publish, or to subscribe.</summary>
    public static IReadOnlyList<string> Users(string constant, bool subscribing) =>
    [
        .. from project in Layout.Project.Processes
           from file in SourceFile.Services
           where file.Path.StartsWith(project.Folder + "/", StringComparison.Ordinal)
           from use in Uses(file, constant)
           where IsSubscription(use) == subscribing
           group use by project.AppId into byApp
           select byApp.Key,
    ];

    /// <summary>Names of the messages that are published to a topic or expected from it, each with its place.</summary>
    public static IEnumerable<(string Message, string Place)> Messages(string constant) =>
        from file in SourceFile.Services
        from use in Uses(file, constant)
        from found in MessagesOf(file, use)
        select found;

    private static IEnumerable<MemberAccessExpressionSyntax> Uses(SourceFile file, string constant) => file.Tree.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
        .Where(access => access.Name.Identifier.Text == constant && access.Expression.ToString() is "Topics" or "Contracts.Topics");

    private static bool IsSubscription(SyntaxNode use) => CallAround(use) is { } call && NameOf(call) is Subscribe or "AddDestination";

    private static IEnumerable<(string Message, string Place)> MessagesOf(SourceFile file, SyntaxNode use)
    {
        switch (CallAround(use))
        {
            case { } call when NameOf(call) == Publish:
                return [(DataOf(call, file), file.At(use))];
            case { } call when Expected(call) is { } message:
                return [(message, file.At(use))];
            case { } call:
                // The topic is handed to a method that subscribes to what this parameter says.
                return from other in SourceFile.Services
                       from method in other.Tree.DescendantNodes().OfType<MethodDeclarationSyntax>()
                       where method.Identifier.Text == NameOf(call)
                       let parameter = ParameterFor(call, use, method)
                       from inner in method.DescendantNodes().OfType<InvocationExpressionSyntax>()
                       where Expected(inner) is not null && inner.ArgumentList.Arguments.Any(a => a.Expression is IdentifierNameSyntax name && name.Identifier.Text == parameter)
                       select (Expected(inner)!, other.At(inner));
            default:
                // The topic is a property of something; whoever publishes asks for it.
                var property = use.Ancestors().OfType<PropertyDeclarationSyntax>().FirstOrDefault()?.Identifier.Text;
                return from other in SourceFile.Services
                       from inner in other.Tree.DescendantNodes().OfType<InvocationExpressionSyntax>()
                       where property is not null && NameOf(inner) == Publish && inner.ArgumentList.Arguments.Any(a => a.Expression is MemberAccessExpressionSyntax asked && asked.Name.Identifier.Text == property)
                       select (DataOf(inner, other), other.At(inner));
        }
    }

    private static InvocationExpressionSyntax? CallAround(SyntaxNode use) => use.Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax call } ? call : null;

    // Of an extension method, which is called on its first parameter.
    private static string? ParameterFor(InvocationExpressionSyntax call, SyntaxNode use, MethodDeclarationSyntax method) =>
        method.ParameterList.Parameters.Skip(1).ElementAtOrDefault(call.ArgumentList.Arguments.IndexOf(a => a.Expression == use))?.Identifier.Text;

    private static string NameOf(InvocationExpressionSyntax call) => call.Expression switch
    {
        MemberAccessExpressionSyntax member => member.Name.Identifier.Text,
        SimpleNameSyntax name => name.Identifier.Text,
        _ => "",
    };

    // Subscribe<Message, Handler>(topic)
    private static string? Expected(InvocationExpressionSyntax call) =>
        call.Expression is MemberAccessExpressionSyntax { Name: GenericNameSyntax { Identifier.Text: Subscribe } generic } ? generic.TypeArgumentList.Arguments[0].ToString() : null;

    // PublishAsync(transaction, topic, subject, data): data is made on the spot, or by a method of the same file.
    private static string DataOf(InvocationExpressionSyntax call, SourceFile file) => call.ArgumentList.Arguments[^1].Expression switch
    {
        ObjectCreationExpressionSyntax made => made.Type.ToString(),
        InvocationExpressionSyntax made => file.Tree.DescendantNodes().OfType<MethodDeclarationSyntax>().FirstOrDefault(m => m.Identifier.Text == NameOf(made))?.ReturnType.ToString() ?? "?",
        _ => "?",
    };
}
