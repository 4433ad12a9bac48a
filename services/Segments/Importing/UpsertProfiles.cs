using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Importing;

/// <summary>A profile as a caller gives it: the values by attribute name, without the key.</summary>
internal sealed record GivenProfile(string CustomerId, IReadOnlyDictionary<string, Scalar> Values);

/// <summary>Inserts or replaces a few profiles; either all of them are good, or none is stored.</summary>
internal sealed class UpsertProfiles(Database database, MergeProfiles merge)
{
    private const int MaxProfiles = 1000;

    public Task<Result<Merged>> RunAsync(string environment, IReadOnlyList<GivenProfile> profiles, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => UpsertAsync(transaction, environment, profiles), cancellationToken);

    private async Task<Result<Merged>> UpsertAsync(Transaction transaction, string environment, IReadOnlyList<GivenProfile> profiles)
    {
        if (await ProfileSetStore.LockAsync(transaction, environment) is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var violations = new Violations();
        var attributes = set.Schema.Columns.ToList();
        violations.Check(profiles.Count is > 0 and <= MaxProfiles, "profiles", $"must hold 1 to {MaxProfiles}.");
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var rows = profiles.Select((profile, i) => Read(profile, i, set.Schema, attributes, ids, violations)).ToList();
        return violations.None
            ? await merge.RunAsync(transaction, environment, attributes, rows) ?? throw new InvalidOperationException("The schema changed while it was locked.")
            : violations.ToRefusal();
    }

    private static ProfileRow Read(
        GivenProfile profile, int index, ProfileSchema schema, List<ProfileAttribute> attributes, HashSet<string> ids, Violations violations)
    {
        var path = $"profiles[{index}]";
        var problem = ProfileValue.IdProblem(profile.CustomerId);
        violations.Check(problem is null, $"{path}.customer_id", problem ?? "");
        violations.Check(ids.Add(profile.CustomerId), $"{path}.customer_id", "is the id of an earlier profile of the request.");
        var values = new Scalar[attributes.Count];
        var given = new HashSet<ProfileAttribute>();
        foreach (var (name, value) in profile.Values)
        {
            var attribute = schema.Find(name);
            var field = $"{path}.attributes[{name}]";
            if (!violations.Check(attribute is not null, field, "is no attribute of the profile schema.")
                || !violations.Check(!schema.IsKey(attribute!), field, "is the key; give it as customer_id.")
                || !violations.Check(given.Add(attribute!), field, "is given twice: names are compared without regard to case."))
            {
                continue;
            }

            var wrong = ProfileValue.Problem(value, attribute!.Kind);
            violations.Check(wrong is null, field, wrong ?? "");
            values[attributes.IndexOf(attribute)] = value;
        }

        return new ProfileRow(index + 1, profile.CustomerId, IsDeleted: false, values);
    }
}
