using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Importing;

/// <summary>Deletes a few profiles. Streams leave them out at once; segments without them are published by the next refresh.</summary>
internal sealed class DeleteProfiles(Database database, MergeProfiles merge)
{
    private const int MaxIds = 1000;

    public async Task<Result<Merged>> RunAsync(string environment, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Check(ids.Count is > 0 and <= MaxIds, "customer_ids", $"must hold 1 to {MaxIds}.");
        for (var i = 0; i < ids.Count; i++)
        {
            var problem = Declaring.ProfileValue.IdProblem(ids[i]);
            violations.Check(problem is null, $"customer_ids[{i}]", problem ?? "");
        }

        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var rows = ids.Distinct().Select((id, i) => new ProfileRow(i + 1, id, IsDeleted: true, [])).ToList();
        var merged = await database.WriteAsync(transaction => merge.RunAsync(transaction, environment, [], rows), cancellationToken);
        return merged is null ? DefinitionCheck.NoSchema : merged;
    }
}
