using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>A request to change the masked parts of a segment.</summary>
internal sealed record SegmentChange(SegmentName Name, string Etag, IReadOnlyList<string> Mask, SegmentDefinition Definition)
{
    public const string DisplayName = "display_name";
    public const string Description = "description";
    public const string Rule = "rule";
    public const string State = "state";

    /// <summary>What a mask may name.</summary>
    public static IReadOnlyList<string> Fields { get; } = [DisplayName, Description, Rule, State];

    public bool Has(string field) => Mask.Contains(field);

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
        if (await SegmentStore.LockAsync(transaction, change.Name) is not { } stored)
        {
            return Refusal.NotFound(change.Name.ToString());
        }

        if (change.Etag.Length > 0 && change.Etag != stored.Etag)
        {
            return Refusal.StaleEtag(change.Name.ToString());
        }

        if (await ProfileSetStore.FindAsync(transaction, change.Name.Environment) is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var violations = Check(change, set.Schema);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var updated = stored with { Definition = change.ApplyTo(stored.Definition), Etag = ids.Next() };
        await SegmentStore.UpdateDefinitionAsync(transaction, updated);
        if (updated.Definition.State is SegmentState.Active && stored.Definition.State is SegmentState.Inactive)
        {
            await requestRefresh.EnqueueAsync(transaction, updated, principal);
            await limit.CheckAsync(transaction, change.Name.Environment);
        }

        return updated;
    }

    private static Violations Check(SegmentChange change, ProfileSchema schema)
    {
        var violations = new Violations();
        if (change.Has(SegmentChange.DisplayName))
        {
            DefinitionCheck.CheckDisplayName(change.Definition.DisplayName, violations);
        }

        if (change.Has(SegmentChange.Description))
        {
            DefinitionCheck.CheckDescription(change.Definition.Description, violations);
        }

        if (change.Has(SegmentChange.Rule))
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
