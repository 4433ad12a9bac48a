using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Viewing;

/// <summary>Lists the environments in which the caller has a role, itself or through a group.</summary>
internal sealed class ListEnvironments(Database database)
{
    public async Task<Result<EnvironmentPage>> RunAsync(Caller caller, int pageSize, string pageToken, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var paging = Paging.Parse(pageSize, pageToken, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var found = await database.ReadAsync(session => EnvironmentStore.ListAsync(session, [caller.Principal, .. caller.Groups], paging), cancellationToken);
        return new EnvironmentPage([.. found.Take(paging.Size)], paging.NextToken(found, environment => environment.Definition.Id));
    }
}

/// <summary>A page of environments and the token of the next one.</summary>
internal sealed record EnvironmentPage(IReadOnlyList<StoredEnvironment> Environments, string NextPageToken);
