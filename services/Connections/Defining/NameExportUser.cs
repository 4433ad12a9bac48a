using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>Records an administrator as export user, and tells later whether that still holds (D-15).</summary>
internal sealed class NameExportUser(IRoleDirectory roles, TimeProvider time)
{
    /// <summary>
    /// The calling administrator as export user. Groups are kept only when the caller is administrator through one of
    /// them: later nobody is there to show a token with groups. Leaving a group in the directory is therefore not noticed;
    /// the group losing its role is.
    /// </summary>
    public async Task<ExportUser> OfAsync(string environment, Caller caller, CancellationToken cancellationToken)
    {
        var alone = await roles.GetRoleAsync(environment, new Caller(caller.Principal, []), cancellationToken);
        return new ExportUser(caller.Principal, alone >= Role.Administrator ? [] : caller.Groups, time.GetStorableNow());
    }

    public async Task<bool> IsAdministratorAsync(string environment, ExportUser user, CancellationToken cancellationToken) =>
        await roles.GetRoleAsync(environment, new Caller(user.Principal, user.Groups), cancellationToken) >= Role.Administrator;
}
