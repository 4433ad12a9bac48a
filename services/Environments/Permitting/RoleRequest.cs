using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Environments.Permitting;

/// <summary>What requests about roles have in common.</summary>
internal static class RoleRequest
{
    public static Refusal LastAdministrator { get; } = Refusal.Precondition(
        "LAST_ADMINISTRATOR", "The environment would have no administrator. Make somebody else administrator first.");

    /// <summary>The environment's id; "" with a violation when the name is none.</summary>
    public static string ParseEnvironment(string parent, Violations violations)
    {
        var id = ResourceName.Parse("environments/*", parent) is [var found] ? found : "";
        violations.Check(id.Length > 0, "parent", "must be \"environments/{environment}\".");
        return id;
    }

    public static void CheckPrincipal(string principal, Violations violations) => violations.Check(
        PrincipalName.IsValid(principal), "principal",
        $"must be \"user:{{id}}\", \"group:{{id}}\" or \"application:{{id}}\" with an id of 1 to {PrincipalName.MaxIdLength} printable ASCII characters without spaces.");
}
