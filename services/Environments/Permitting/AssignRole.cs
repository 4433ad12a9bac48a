using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Environments.Auditing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Permitting;

/// <summary>Gives a principal a role instead of the one it has (PER-1, PER-2).</summary>
internal sealed class AssignRole(Database database, AuditStore audit, TimeProvider time)
{
    public async Task<Result<AssignedRole>> RunAsync(Caller caller, AssignRoleRequest request, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = RoleRequest.ParseEnvironment(request.Parent, violations);
        RoleRequest.CheckPrincipal(request.Principal, violations);
        violations.Check(request.Role != Role.Unspecified && Enum.IsDefined(request.Role), "role", "must be ROLE_VIEWER, ROLE_CONTRIBUTOR or ROLE_ADMINISTRATOR.");
        return violations.None
            ? await database.WriteAsync(transaction => AssignAsync(transaction, caller, environment, request), cancellationToken)
            : violations.ToRefusal();
    }

    private async Task<Result<AssignedRole>> AssignAsync(Transaction transaction, Caller caller, string environment, AssignRoleRequest request)
    {
        if (!await RoleStore.LockAsync(transaction, environment))
        {
            return Refusal.NotFound(request.Parent);
        }

        var old = await RoleStore.FindAsync(transaction, environment, request.Principal);
        if (old?.Role == request.Role)
        {
            return old;
        }

        if (old?.Role == Role.Administrator && !await RoleStore.HasOtherAdministratorAsync(transaction, environment, request.Principal))
        {
            return RoleRequest.LastAdministrator;
        }

        var assigned = new AssignedRole(request.Principal, request.Role, time.GetStorableNow(), caller.Principal);
        await RoleStore.SetAsync(transaction, environment, assigned);
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, "ROLE_ASSIGNED", environment, request.Principal, old?.Role, request.Role));
        return assigned;
    }
}
