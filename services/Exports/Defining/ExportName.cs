using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Exports.Defining;

/// <summary>"environments/{environment}/exports/{export}".</summary>
internal sealed record ExportName(string Environment, string Export)
{
    private const string Pattern = "environments/*/exports/*";

    public static Result<ExportName> Parse(string? name, string field = "name") =>
        ResourceName.Parse(Pattern, name) is [var environment, var export]
            ? new ExportName(environment, export)
            : Refusal.Invalid(field, $"must be a name such as \"{Pattern}\".");

    public override string ToString() => $"environments/{Environment}/exports/{Export}";
}
