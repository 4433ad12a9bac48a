using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>Reads the schema of an environment's profiles and how far they have come.</summary>
internal sealed class ViewSchema(Database database)
{
    public Task<Result<ProfileSet>> RunAsync(string environment, CancellationToken cancellationToken) => database.ReadAsync<Result<ProfileSet>>(
        async session => await ProfileSetStore.FindAsync(session, environment) is { } set
            ? set
            : Refusal.NotFound($"environments/{environment}/profileSchema"),
        cancellationToken);
}
