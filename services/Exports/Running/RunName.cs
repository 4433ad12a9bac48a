using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Exports.Running;

/// <summary>"environments/{environment}/exports/{export}/runs/{run}".</summary>
internal sealed record RunName(ExportName Export, string Run)
{
    private const string Pattern = "environments/*/exports/*/runs/*";

    public static Result<RunName> Parse(string? name, string field = "name") =>
        ResourceName.Parse(Pattern, name) is [var environment, var export, var run]
            ? new RunName(new ExportName(environment, export), run)
            : Refusal.Invalid(field, $"must be a name such as \"{Pattern}\".");

    public override string ToString() => $"{Export}/runs/{Run}";
}
