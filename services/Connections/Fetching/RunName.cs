using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Connections.Fetching;

/// <summary>The export run that somebody acts for; kept in the audit trail.</summary>
internal sealed record RunName(string Environment, string Export, string Run)
{
    private const string Pattern = "environments/*/exports/*/runs/*";

    /// <summary>Only runs of the connection's environment have any business with it.</summary>
    public static Result<RunName> Parse(string name, string environment) =>
        ResourceName.Parse(Pattern, name) is [var of, var export, var run] && of == environment
            ? new RunName(of, export, run)
            : Refusal.Invalid("run", "must be the name of an export run in the environment of the connection.");

    public override string ToString() => $"environments/{Environment}/exports/{Export}/runs/{Run}";
}
