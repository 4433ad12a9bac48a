using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Which role a caller has in an environment.</summary>
public interface IRoleDirectory
{
    /// <summary>The role; null when the environment does not exist.</summary>
    Task<Role?> GetRoleAsync(string environmentId, Caller caller, CancellationToken cancellationToken);
}

/// <summary>For decisions inside a use case that the attribute at the door cannot express.</summary>
public static class RoleDecisions
{
    /// <summary>The refusal for a caller that lacks a role. The same whether the environment exists or not.</summary>
    public static Refusal Denied(Role needed) => new(
        RefusalKind.PermissionDenied,
        $"This needs the role {needed.ToString().ToLowerInvariant()} in the environment. Ask an administrator to assign it.") { Reason = "ROLE_MISSING" };
}
