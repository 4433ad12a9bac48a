using CustomerInsights.Connections.Defining;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Viewing;

/// <summary>A page of connections.</summary>
/// <param name="InDetail">Whether the caller may see more than display name and type (CON-10).</param>
internal sealed record ConnectionPage(IReadOnlyList<Connection> Connections, bool InDetail, string NextPageToken);

/// <summary>Finds and lists connections.</summary>
internal sealed class ViewConnections(Database database, IRoleDirectory roles)
{
    public async Task<Result<Connection>> OneAsync(ConnectionName name, CancellationToken cancellationToken) =>
        await database.ReadAsync(session => ConnectionStore.FindAsync(session, name), cancellationToken) is { } connection
            ? connection
            : Refusal.NotFound(name.ToString());

    /// <summary>Everything for administrators; for contributors what is shared with them, without details (CON-10).</summary>
    public async Task<Result<ConnectionPage>> PageAsync(Caller caller, string parent, int pageSize, string pageToken, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = ResourceName.Parse("environments/*", parent) is [var id] ? id : "";
        violations.Check(environment.Length > 0, "parent", "must be \"environments/{environment}\".");
        var paging = Paging.Parse(pageSize, pageToken, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var inDetail = await roles.GetRoleAsync(environment, caller, cancellationToken) >= Role.Administrator;
        var found = await database.ReadAsync(session => ConnectionStore.ListAsync(session, environment, !inDetail, paging), cancellationToken);
        return new ConnectionPage([.. found.Take(paging.Size)], inDetail, paging.NextToken(found, connection => connection.Name.Connection));
    }
}
