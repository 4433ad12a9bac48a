using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Watching;

/// <summary>A metric that the services make, as their syntax shows, and what Prometheus calls it when it comes by OTLP.</summary>
/// <param name="Place">Where it is made.</param>
/// <param name="Declared">The constant that names it, such as MetricNames.OutboxAge; empty when a literal does.</param>
/// <param name="Name">Name in code.</param>
/// <param name="Kind">The method that makes it.</param>
/// <param name="Unit">Its unit; braces mean that it is only a note.</param>
internal sealed record Instrument(string Place, string Declared, string Name, string Kind, string Unit)
{
    private static readonly string[] Makers =
    [
        "CreateCounter", "CreateHistogram", "CreateGauge", "CreateUpDownCounter", "CreateObservableCounter", "CreateObservableGauge", "CreateObservableUpDownCounter",
    ];

    /// <summary>Constants of classes named "…MetricNames", but for the meters.</summary>
    public static IReadOnlyDictionary<string, string> Constants { get; } = SourceFile.Services
        .SelectMany(file => file.Types)
        .Where(type => type.Identifier.Text.EndsWith("MetricNames", StringComparison.Ordinal))
        .SelectMany(type => type.Members.OfType<FieldDeclarationSyntax>(), (type, field) => (type, Variable: field.Declaration.Variables.Single()))
        .Where(found => found.Variable.Identifier.Text != "Meter")
        .ToDictionary(
            found => $"{found.type.Identifier.Text}.{found.Variable.Identifier.Text}",
            found => ((LiteralExpressionSyntax)found.Variable.Initializer!.Value).Token.ValueText,
            StringComparer.Ordinal);

    /// <summary>All of them. Below what it is read with.</summary>
    public static IReadOnlyList<Instrument> All { get; } = [.. SourceFile.Services.SelectMany(In)];

    /// <summary>Tags that some file with instruments names, as labels; and those that come with every metric.</summary>
    public static IReadOnlySet<string> Labels { get; } = SourceFile.Services
        .Where(file => In(file).Any())
        .SelectMany(file => file.Tree.DescendantNodes().OfType<LiteralExpressionSyntax>())
        .Select(literal => Translated(literal.Token.ValueText))
        .Concat(["job", "instance", "le"])
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>The series by which it is asked for.</summary>
    public IReadOnlyList<string> Series
    {
        get
        {
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", _ when Unit.StartsWith('{') => "", _ => throw new InvalidOperationException($"{Place}: say here what Prometheus makes of the unit {Unit}.") };
            var name = Translated(Name) + unit;
            return Kind switch
            {
                "CreateHistogram" => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
                "CreateCounter" or "CreateObservableCounter" => [$"{name}_total"],
                _ => [name],
            };
        }
    }

    private static IEnumerable<Instrument> In(SourceFile file) =>
        from call in file.Tree.DescendantNodes().OfType<InvocationExpressionSyntax>()
        where call.Expression is MemberAccessExpressionSyntax
        let kind = ((MemberAccessExpressionSyntax)call.Expression).Name.Identifier.Text
        where Makers.Contains(kind)
        let arguments = call.ArgumentList.Arguments
        let declared = arguments[0].Expression is MemberAccessExpressionSyntax constant ? constant.ToString() : ""
        select new Instrument(
            file.At(call),
            declared,
            declared.Length == 0 ? arguments[0].ToString().Trim('"') : Constants.GetValueOrDefault(declared, declared),
            kind,
            arguments.Skip(1).Select(a => a.Expression).OfType<LiteralExpressionSyntax>().FirstOrDefault()?.Token.ValueText ?? "");

    private static string Translated(string name) => name.Replace('.', '_');
}
