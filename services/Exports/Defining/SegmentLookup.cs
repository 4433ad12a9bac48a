using System.Collections.Concurrent;
using CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Exports.Defining;

/// <summary>What exports may know about a segment.</summary>
/// <param name="Version">Version that readers see; 0 before the first refresh.</param>
internal sealed record SegmentFacts(bool Active, long Version, long MemberCount)
{
    public string DisplayName { get; init; } = "";
}

/// <summary>Asks Segments.</summary>
internal sealed class SegmentLookup(SegmentService.SegmentServiceClient segments, ProfileService.ProfileServiceClient profiles)
{
    private const int QuestionsAtOnce = 16;

    /// <summary>Facts by name; a segment that does not exist is left out.</summary>
    public async Task<IReadOnlyDictionary<string, SegmentFacts>> FindAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<string, SegmentFacts>(StringComparer.Ordinal);
        var limits = new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(names.Distinct(StringComparer.Ordinal), limits, async (name, token) =>
        {
            if (await FindOneAsync(name, token) is { } facts)
            {
                found[name] = facts;
            }
        });
        return found;
    }

    /// <summary>The attributes of the environment's profiles; null before a schema is declared.</summary>
    public async Task<ProfileAttributes?> FindAttributesAsync(string environment, CancellationToken cancellationToken)
    {
        var request = new GetProfileSchemaRequest { Name = $"environments/{environment}/profileSchema" };
        var schema = await PeerQuestion.FindAsync(profiles.GetProfileSchemaAsync(request, cancellationToken: cancellationToken));
        return schema is null ? null : new ProfileAttributes(schema.Attributes.Select(attribute => KeyValuePair.Create(attribute.Name, attribute.Type)));
    }

    private async Task<SegmentFacts?> FindOneAsync(string name, CancellationToken cancellationToken)
    {
        var segment = await PeerQuestion.FindAsync(segments.GetSegmentAsync(new GetSegmentRequest { Name = name }, cancellationToken: cancellationToken));
        return segment is null ? null : new SegmentFacts(segment.State == SegmentState.Active, segment.Version, segment.MemberCount) { DisplayName = segment.DisplayName };
    }
}
