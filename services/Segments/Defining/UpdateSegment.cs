using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>A request to change the masked parts of a segment, as it was given.</summary>
/// <param name="Name">Resource name; names an environment at least.</param>
/// <param name="Etag">Guards the change unless empty.</param>
/// <param name="Mask">What to change; "*" means all of it.</param>
/// <param name="Definition">The new values.</param>
internal sealed record SegmentChange(string Name, string Etag, IReadOnlyList<string> Mask, SegmentDefinition Definition)
{
    public const string DisplayName = "display_name";
    public const string Description = "description";
    public const string Rule = "rule";
    public const string State = "state";

    private const string Everything = "*";

    private static readonly string[] Fields = [DisplayName, Description, Rule, State];

    public bool Has(string field) => Mask.Contains(field) || Mask.Contains(Everything);

    public void CheckMask(Violations violations)
    {
        violations.Check(Mask.Count > 0, "update_mask", "must name at least one field.");
        for (var i = 0; i < Mask.Count; i++)
        {
            var isKnown = Mask[i] == Everything || Fields.Contains(Mask[i]);
            violations.Check(isKnown, $"update_mask.paths[{i}]", $"must be one of {string.Join(", ", Fields)}.");
        }
    }

    public SegmentDefinition ApplyTo(SegmentDefinition stored) => new(
        Has(DisplayName) ? Definition.DisplayName : stored.DisplayName,
        Has(Description) ? Definition.Description : stored.Description,
        Has(Rule) ? Definition.Rule : stored.Rule,
        Has(State) ? Definition.State : stored.State);
}

/// <summary>Changes the definition of a segment. A new rule takes effect with the next refresh; activating asks for one (SEG-21).</summary>
internal sealed class UpdateSegment(Database database, RequestRefresh requestRefresh, WatchActiveLimit limit, IdGenerator ids)
{
    public Task<Result<Segment>> RunAsync(SegmentChange change, string principal, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => UpdateAsync(transaction, change, principal), cancellationToken);

    private async Task<Result<Segment>> UpdateAsync(Transaction transaction, SegmentChange change, string principal)
    {
        var name = SegmentName.TryParse(change.Name);
        var set = await ProfileSetStore.FindAsync(transaction, ResourceName.EnvironmentOf(change.Name) ?? "");
        var violations = Check(change, set?.Schema);
        violations.Check(name is not null, "segment.name", "must be \"environments/{environment}/segments/{segment}\".");
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        // Without a schema there is no segment, either.
        if (set is null || await SegmentStore.LockAsync(transaction, name!) is not { } stored)
        {
            return Refusal.NotFound(change.Name);
        }

        if (change.Etag.Length > 0 && change.Etag != stored.Etag)
        {
            return Refusal.StaleEtag(change.Name);
        }

        var updated = stored with { Definition = change.ApplyTo(stored.Definition), Etag = ids.Next() };
        await SegmentStore.UpdateDefinitionAsync(transaction, updated);
        if (updated.Definition.State is SegmentState.Active && stored.Definition.State is SegmentState.Inactive)
        {
            await requestRefresh.EnqueueAsync(transaction, updated, principal);
            await limit.CheckAsync(transaction, stored.Name.Environment);
        }

        return updated;
    }

    private static Violations Check(SegmentChange change, ProfileSchema? schema)
    {
        var violations = new Violations();
        change.CheckMask(violations);
        if (change.Has(SegmentChange.DisplayName))
        {
            DefinitionCheck.CheckDisplayName(change.Definition.DisplayName, violations);
        }

        if (change.Has(SegmentChange.Description))
        {
            DefinitionCheck.CheckDescription(change.Definition.Description, violations);
        }

        if (change.Has(SegmentChange.Rule) && schema is not null)
        {
            DefinitionCheck.CheckRule(change.Definition.Rule, schema, violations);
        }

        if (change.Has(SegmentChange.State))
        {
            DefinitionCheck.CheckState(change.Definition.State, violations);
        }

        return violations;
    }
}
