using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;

namespace CustomerInsights.Exports.Defining;

/// <summary>A connection that somebody wants to use.</summary>
/// <param name="Facts">Null when it does not exist.</param>
/// <param name="Refusal">Null when the caller may use it.</param>
internal sealed record ConnectionUse(ConnectionFacts? Facts, Refusal? Refusal);

/// <summary>
/// Who may manage an export: administrators, and contributors while its connection is shared with them (CON-11, CON-12).
/// The door has made sure that the caller is contributor at least.
/// </summary>
internal sealed class ExportRights(IRoleDirectory roles, ConnectionLookup connections)
{
    public async Task<bool> IsAdministratorAsync(string environment, Caller caller, CancellationToken cancellationToken) =>
        await roles.GetRoleAsync(environment, caller, cancellationToken) == Role.Administrator;

    /// <summary>The refusal, or null when the caller may run, cancel, change or remove the export.</summary>
    public async Task<Refusal?> RefuseAsync(Export export, Caller caller, CancellationToken cancellationToken)
    {
        if (await IsAdministratorAsync(export.Name.Environment, caller, cancellationToken))
        {
            return null;
        }

        var connection = export.Definition.Connection;
        return connection.Length > 0 ? RefuseUse(await connections.FindAsync(connection, cancellationToken)) : RoleDecisions.Denied(Role.Administrator);
    }

    /// <summary>What is known of a connection that somebody wants an export to use, and whether they may.</summary>
    public async Task<ConnectionUse> LookUpAsync(string environment, string connection, Caller caller, CancellationToken cancellationToken)
    {
        var facts = await connections.FindInAsync(environment, connection, cancellationToken);

        // A name that leads nowhere is a wrong field, not a missing right.
        return facts is null || await IsAdministratorAsync(environment, caller, cancellationToken)
            ? new ConnectionUse(facts, null)
            : new ConnectionUse(facts, RefuseUse(facts));
    }

    private static Refusal? RefuseUse(ConnectionFacts? connection) => connection is { Shared: true }
        ? null
        : new Refusal(RefusalKind.PermissionDenied, "The connection is not shared with contributors. Ask an administrator to share it.") { Reason = "CONNECTION_NOT_SHARED" };
}
