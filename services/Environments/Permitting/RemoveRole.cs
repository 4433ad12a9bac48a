using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Environments.Auditing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Permitting;

/// <summary>Takes a principal's role away. The last administrator stays.</summary>
internal sealed class RemoveRole(Database database, AuditStore audit)
{
    /// <summary>The role that was taken away.</summary>
    public async Task<Result<AssignedRole>> RunAsync(Caller caller, RemoveRoleRequest request, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = RoleRequest.ParseEnvironment(request.Parent, violations);
        RoleRequest.CheckPrincipal(request.Principal, violations);
        return violations.None
            ? await database.WriteAsync(transaction => RemoveAsync(transaction, caller, environment, request.Principal), cancellationToken)
            : violations.ToRefusal();
    }

    private async Task<Result<AssignedRole>> RemoveAsync(Transaction transaction, Caller caller, string environment, string principal)
    {
        await RoleStore.LockAsync(transaction, environment);
        if (await RoleStore.FindAsync(transaction, environment, principal) is not { } old)
        {
            return new Refusal(RefusalKind.NotFound, "The principal has no role of its own in the environment.") { Reason = "NOT_FOUND" };
        }

        if (old.Role == Role.Administrator && !await RoleStore.HasOtherAdministratorAsync(transaction, environment, principal))
        {
            return RoleRequest.LastAdministrator;
        }

        await RoleStore.RemoveAsync(transaction, environment, principal);
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, "ROLE_REMOVED", environment, principal, old.Role, null));
        return old;
    }
}
