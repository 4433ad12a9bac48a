using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Permitting;

/// <summary>A principal's role in an environment.</summary>
internal sealed record AssignedRole(string Principal, Role Role, DateTimeOffset AssignedAt, string AssignedBy);

/// <summary>The table of role assignments.</summary>
internal static class RoleStore
{
    private const string Columns = "principal, role, assigned_at, assigned_by";

    /// <summary>
    /// Keeps every other change of the environment's roles waiting until the transaction ends. False when it does not exist.
    /// </summary>
    public static async Task<bool> LockAsync(Transaction transaction, string environmentId) => await transaction.QuerySingleOrDefaultAsync<string>(
        $"SELECT environment_id FROM environments WHERE environment_id = @environmentId{transaction.ForUpdate}", new { environmentId }) is not null;

    public static async Task<AssignedRole?> FindAsync(Session session, string environmentId, string principal) => Read(await session.QuerySingleOrDefaultAsync<Row>(
        $"SELECT {Columns} FROM role_assignments WHERE environment_id = @environmentId AND principal = @principal", new { environmentId, principal }));

    public static Task SetAsync(Transaction transaction, string environmentId, AssignedRole assigned) => transaction.ExecuteAsync(
        $"""
        INSERT INTO role_assignments (environment_id, {Columns}) VALUES (@environmentId, @Principal, @role, @assignedAt, @AssignedBy)
        ON CONFLICT (environment_id, principal) DO UPDATE SET role = excluded.role, assigned_at = excluded.assigned_at, assigned_by = excluded.assigned_by
        """,
        new { environmentId, assigned.Principal, role = (long)assigned.Role, assignedAt = assigned.AssignedAt.ToMicroseconds(), assigned.AssignedBy });

    public static Task RemoveAsync(Transaction transaction, string environmentId, string principal) => transaction.ExecuteAsync(
        "DELETE FROM role_assignments WHERE environment_id = @environmentId AND principal = @principal", new { environmentId, principal });

    /// <summary>Whether somebody besides the principal is administrator.</summary>
    public static async Task<bool> HasOtherAdministratorAsync(Session session, string environmentId, string principal) => await session.QuerySingleAsync<long>(
        "SELECT COUNT(*) FROM role_assignments WHERE environment_id = @environmentId AND role = @administrator AND principal <> @principal",
        new { environmentId, principal, administrator = (long)Role.Administrator }) > 0;

    /// <summary>Assignments in the byte order of the principals, one more than the page holds.</summary>
    public static async Task<IReadOnlyList<AssignedRole>> ListAsync(Session session, string environmentId, Paging paging)
    {
        var principal = session.InByteOrder("principal");
        var rows = await session.QueryAsync<Row>(
            $"SELECT {Columns} FROM role_assignments WHERE environment_id = @environmentId AND {principal} > @After ORDER BY {principal} LIMIT @limit",
            new { environmentId, paging.After, limit = paging.Size + 1 });
        return [.. rows.Select(row => Read(row)!)];
    }

    /// <summary>The highest role of any of the principals; unspecified when they have none, null when there is no such environment (PER-2).</summary>
    public static async Task<Role?> FindHighestAsync(Session session, string environmentId, string[] principals)
    {
        var role = await session.QuerySingleOrDefaultAsync<long?>(
            $"""
            SELECT COALESCE((SELECT MAX(role) FROM role_assignments r WHERE r.environment_id = e.environment_id AND r.principal {session.AnyOf("principals")}), 0)
            FROM environments e WHERE e.environment_id = @environmentId
            """,
            new { environmentId, principals });
        return (Role?)role;
    }

    private static AssignedRole? Read(Row? row) => row is null ? null : new AssignedRole(row.Principal, (Role)row.Role, Timestamps.FromMicroseconds(row.AssignedAt), row.AssignedBy);

    private sealed record Row(string Principal, int Role, long AssignedAt, string AssignedBy);
}
