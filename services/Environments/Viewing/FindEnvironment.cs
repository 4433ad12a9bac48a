using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Viewing;

/// <summary>Returns one environment.</summary>
internal sealed class FindEnvironment(Database database)
{
    public async Task<Result<StoredEnvironment>> RunAsync(string name, CancellationToken cancellationToken)
    {
        if (ResourceName.Parse("environments/*", name) is not [var id])
        {
            return Refusal.Invalid("name", "must be \"environments/{environment}\".");
        }

        return await database.ReadAsync(session => EnvironmentStore.FindAsync(session, id), cancellationToken) is { } found
            ? found
            : Refusal.NotFound(name);
    }
}
