using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Refreshing;
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
internal sealed record NewSegment(string Environment, string SegmentId, SegmentDefinition Definition, string RequestId, bool ValidateOnly)
{
    public SegmentName Name => new(Environment, SegmentId);

    public RequestKey Key => new(Environment, RequestKey.CreateSegment, RequestId);

    /// <summary>Tells a repeated request from another one that took the same request id. U+0000 is in none of the texts.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\0', SegmentId, Definition.DisplayName, Definition.Description, RuleWire.ToJson(Definition.Rule), Definition.State))));
}

/// <summary>Makes a segment. It has no members before its first refresh (SEG-21); one that shall be active asks for that.</summary>
internal sealed class CreateSegment(Database database, AnsweredRequests answered, RequestRefresh requestRefresh, WatchActiveLimit limit, IdGenerator ids)
{
    public Task<Result<Segment>> RunAsync(NewSegment wanted, string principal, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => CreateAsync(transaction, wanted, principal), cancellationToken);

    private async Task<Result<Segment>> CreateAsync(Transaction transaction, NewSegment wanted, string principal)
    {
        if (DefinitionCheck.CheckRequestId(wanted.RequestId, new Violations()) && await FindAnswerAsync(transaction, wanted) is { } answer)
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

        if (wanted.ValidateOnly)
        {
            return await SegmentStore.FindAsync(transaction, wanted.Name) is null
                ? new Segment(wanted.Name, "", wanted.Definition, "", Publication.None, LastVersion: 0, LastError: "")
                : Refusal.AlreadyExists(wanted.Name.ToString());
        }

        return await StoreAsync(transaction, wanted, principal);
    }

    /// <summary>The answer to an earlier request with the same id; null when this is the first, or what that one made is gone.</summary>
    private static async Task<Result<Segment>?> FindAnswerAsync(Transaction transaction, NewSegment wanted)
    {
        if (await AnsweredRequests.FindAsync(transaction, wanted.Key) is not { } earlier)
        {
            return null;
        }

        if (earlier.Subject != wanted.SegmentId || (earlier.Fingerprint.Length > 0 && earlier.Fingerprint != wanted.Fingerprint))
        {
            return Refusal.Invalid("request_id", "was used for another request. Take a new one for each segment.");
        }

        if (await SegmentStore.FindAsync(transaction, wanted.Name) is { } made)
        {
            return made;
        }

        await AnsweredRequests.ForgetAsync(transaction, wanted.Key);
        return null;
    }

    private async Task<Result<Segment>> StoreAsync(Transaction transaction, NewSegment wanted, string principal)
    {
        // First the request id: whoever has it at the same time waits here, and then sees what became of it.
        if (!await answered.RememberAsync(transaction, wanted.Key, new RequestAnswer(wanted.SegmentId, wanted.Fingerprint)))
        {
            return await FindAnswerAsync(transaction, wanted) ?? Refusal.AlreadyExists(wanted.Name.ToString());
        }

        var segment = new Segment(wanted.Name, ids.Next(), wanted.Definition, ids.Next(), Publication.None, LastVersion: 0, LastError: "");
        if (!await SegmentStore.InsertAsync(transaction, segment))
        {
            await AnsweredRequests.ForgetAsync(transaction, wanted.Key);
            return Refusal.AlreadyExists(wanted.Name.ToString());
        }

        if (segment.Definition.State is SegmentState.Active)
        {
            await requestRefresh.EnqueueAsync(transaction, segment, principal);
            await limit.CheckAsync(transaction, wanted.Environment);
        }

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
