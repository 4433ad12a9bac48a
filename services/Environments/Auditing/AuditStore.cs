using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Auditing;

/// <summary>What was done to an environment or to a role in it.</summary>
/// <param name="Actor">Principal that did it.</param>
/// <param name="Action">ENVIRONMENT_CREATED, ROLE_ASSIGNED or ROLE_REMOVED.</param>
/// <param name="EnvironmentId">Where.</param>
/// <param name="Principal">Whose role; null when no role changed.</param>
/// <param name="OldRole">The role before; null when there was none.</param>
/// <param name="NewRole">The role after; null when there is none.</param>
internal sealed record AuditEntry(string Actor, string Action, string EnvironmentId, string? Principal, Role? OldRole, Role? NewRole);

/// <summary>The audit trail (PER-9): written in the transaction of what it records.</summary>
internal sealed class AuditStore(IdGenerator ids, TimeProvider time)
{
    public Task AddAsync(Transaction transaction, AuditEntry entry) => transaction.ExecuteAsync(
        """
        INSERT INTO audit (audit_id, happened_at, actor, action, environment_id, principal, old_role, new_role)
        VALUES (@id, @now, @Actor, @Action, @EnvironmentId, @Principal, @oldRole, @newRole)
        """,
        new
        {
            id = ids.Next(),
            now = time.GetUtcNow().ToMicroseconds(),
            entry.Actor,
            entry.Action,
            entry.EnvironmentId,
            entry.Principal,
            oldRole = (long?)entry.OldRole,
            newRole = (long?)entry.NewRole,
        });
}
