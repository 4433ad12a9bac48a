using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>A request to make a segment.</summary>
/// <param name="Environment">Where.</param>
/// <param name="SegmentId">The wanted id.</param>
/// <param name="Definition">What people say about it.</param>
/// <param name="RequestId">Repeating it gives the first answer; may be empty.</param>
/// <param name="ValidateOnly">Check only.</param>
internal sealed record NewSegment(string Environment, string SegmentId, SegmentDefinition Definition, string RequestId, bool ValidateOnly);

/// <summary>Makes a segment. It has no members before its first refresh (SEG-21).</summary>
internal sealed class CreateSegment(Database database, AnsweredRequests answered, IdGenerator ids)
{
    public Task<Result<Segment>> RunAsync(NewSegment wanted, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => CreateAsync(transaction, wanted), cancellationToken);

    private async Task<Result<Segment>> CreateAsync(Transaction transaction, NewSegment wanted)
    {
        var name = new SegmentName(wanted.Environment, wanted.SegmentId);
        if (await FindAnswerAsync(transaction, name, wanted) is { } answer)
        {
            return answer;
        }

        if (await ProfileSetStore.FindAsync(transaction, wanted.Environment) is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var violations = Check(wanted, set.Schema);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        return await StoreAsync(transaction, name, wanted);
    }

    /// <summary>The answer to an earlier request with the same id; null when this is the first.</summary>
    private static async Task<Result<Segment>?> FindAnswerAsync(Transaction transaction, SegmentName name, NewSegment wanted)
    {
        var earlier = await AnsweredRequests.FindAsync(transaction, wanted.Environment, AnsweredRequests.CreateSegment, wanted.RequestId);
        if (earlier is not null && earlier != wanted.SegmentId)
        {
            return Refusal.Invalid("request_id", "was used for another segment. Take a new one for each.");
        }

        if (earlier is not null && await SegmentStore.FindAsync(transaction, name) is { } made)
        {
            return made;
        }

        return null;
    }

    private async Task<Result<Segment>> StoreAsync(Transaction transaction, SegmentName name, NewSegment wanted)
    {
        var segment = new Segment(name, ids.Next(), wanted.Definition, ids.Next(), Publication.None, LastVersion: 0, LastError: "");
        if (wanted.ValidateOnly)
        {
            return await SegmentStore.FindAsync(transaction, name) is null ? segment with { Etag = "" } : Refusal.AlreadyExists(name.ToString());
        }

        if (!await SegmentStore.InsertAsync(transaction, segment))
        {
            // The one in the way may be that of an equal request at the same time.
            return await FindAnswerAsync(transaction, name, wanted) ?? Refusal.AlreadyExists(name.ToString());
        }

        await answered.RememberAsync(transaction, wanted.Environment, AnsweredRequests.CreateSegment, wanted.RequestId, wanted.SegmentId);
        return segment;
    }

    private static Violations Check(NewSegment wanted, ProfileSchema schema)
    {
        var violations = new Violations();
        violations.Check(
            ResourceName.IsNewId(wanted.SegmentId), "segment_id", "must be 1 to 60 characters of a-z, 0-9 and \"-\", starting with a letter.");
        DefinitionCheck.CheckRequestId(wanted.RequestId, violations);
        DefinitionCheck.CheckDisplayName(wanted.Definition.DisplayName, violations);
        DefinitionCheck.CheckDescription(wanted.Definition.Description, violations);
        DefinitionCheck.CheckState(wanted.Definition.State, violations);
        DefinitionCheck.CheckRule(wanted.Definition.Rule, schema, violations);
        return violations;
    }
}
