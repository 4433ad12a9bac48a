using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Events;

/// <summary>One row of the table of events in protos/README.md.</summary>
internal sealed record EventRow(string Topic, string Message, IReadOnlyList<string> Publishers, IReadOnlyList<string> Subscribers, string Says);

/// <summary>A constant of protos/Topics.cs.</summary>
/// <param name="Message">The message that its comment names; empty when it names none.</param>
internal sealed record Topic(string Name, string Value, string Message);

/// <summary>What documents say about events.</summary>
internal static partial class EventTable
{
    public const string Public = "public";

    public static IReadOnlyList<Topic> Topics { get; } =
    [
        .. from field in SourceFile.All.Single(f => f.Path == "protos/Topics.cs").Tree.DescendantNodes().OfType<FieldDeclarationSyntax>()
           from constant in field.Declaration.Variables
           select new Topic(
               constant.Identifier.Text, ((LiteralExpressionSyntax)constant.Initializer!.Value).Token.ValueText, DataOf().Match(field.ToFullString()).Groups[1].Value),
    ];

    public static IReadOnlyList<EventRow> Rows { get; } =
    [
        .. TableRow().Matches(Checkout.Read("protos/README.md"))
            .Select(m => new EventRow(m.Groups[1].Value, m.Groups[2].Value, Words(m.Groups[3].Value), Words(m.Groups[4].Value), m.Groups[5].Value.Trim())),
    ];

    private static IReadOnlyList<string> Words(string cell) => [.. AppId().Matches(cell).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"data is <see cref=""Events\.V1\.(\w+)""/>")]
    private static partial Regex DataOf();

    [GeneratedRegex(@"^\| `([^`]+\.v[0-9]+)` \| `(\w+)` \| ([^|]*) \| ([^|]*) \|([^|]*)\|$", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`([a-z-]+)`")]
    private static partial Regex AppId();
}
