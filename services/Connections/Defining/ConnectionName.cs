using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Connections.Defining;

/// <summary>"environments/{environment}/connections/{connection}", parsed at the door.</summary>
internal sealed record ConnectionName(string Environment, string Connection)
{
    private const string Pattern = "environments/*/connections/*";

    public static Result<ConnectionName> Parse(string name, string field = "name") => ResourceName.Parse(Pattern, name) is [var environment, var connection]
        ? new ConnectionName(environment, connection)
        : Refusal.Invalid(field, "must be the name of a connection: \"environments/{environment}/connections/{connection}\".");

    public override string ToString() => $"environments/{Environment}/connections/{Connection}";
}
