using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Permitting;

/// <summary>Lists who has which role in an environment (PER-3).</summary>
internal sealed class ListRoleAssignments(Database database)
{
    public async Task<Result<RolePage>> RunAsync(ListRoleAssignmentsRequest request, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = RoleRequest.ParseEnvironment(request.Parent, violations);
        var paging = Paging.Parse(request.PageSize, request.PageToken, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var found = await database.ReadAsync(session => RoleStore.ListAsync(session, environment, paging), cancellationToken);
        return new RolePage([.. found.Take(paging.Size)], paging.NextToken(found, assigned => assigned.Principal));
    }
}

/// <summary>A page of role assignments and the token of the next one.</summary>
internal sealed record RolePage(IReadOnlyList<AssignedRole> Assignments, string NextPageToken);
