using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Environments.Permitting;

/// <summary>Tells another service which role a principal has, directly or through a group; the highest wins (PER-2).</summary>
internal sealed class FindEffectiveRole(IRoleDirectory directory)
{
    private const int MaxGroups = 1000;

    public async Task<Result<EffectiveRole>> RunAsync(GetEffectiveRoleRequest request, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = RoleRequest.ParseEnvironment(request.Parent, violations);
        violations.Check(PrincipalName.IsValid(request.Principal, "user", "application"), "principal", "must be \"user:{id}\" or \"application:{id}\".");
        violations.Check(
            request.Groups.Count <= MaxGroups && request.Groups.All(group => PrincipalName.IsValid(group, "group")), "groups", $"must be at most {MaxGroups}, each \"group:{{id}}\".");
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var role = await directory.GetRoleAsync(environment, new Caller(request.Principal, request.Groups), cancellationToken);
        return new EffectiveRole { Role = role ?? Role.Unspecified, EnvironmentExists = role is not null };
    }
}
