using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Permitting;

/// <summary>Roles straight from the table, for this process's own door and for GetEffectiveRole.</summary>
internal sealed class LocalRoleDirectory(Database database) : IRoleDirectory
{
    public Task<Role?> GetRoleAsync(string environmentId, Caller caller, CancellationToken cancellationToken) =>
        database.ReadAsync(session => RoleStore.FindHighestAsync(session, environmentId, [caller.Principal, .. caller.Groups]), cancellationToken);
}
