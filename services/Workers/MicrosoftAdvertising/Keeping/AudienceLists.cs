using System.Collections.Concurrent;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>List ids of a run's audiences: of those that it keeps, and, as remembered, of those that it keeps no longer.</summary>
internal sealed class AudienceLists(AudienceRecords records)
{
    private readonly ConcurrentDictionary<string, string?> _lists = new(StringComparer.Ordinal);
    private HashSet<string> _kept = [];

    /// <summary>Keys of what the run keeps true; every other audience is emptied by it, if anything.</summary>
    public void Keep(IEnumerable<AudienceKey> kept) => _kept = kept.Select(key => key.ToString()).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether the run keeps an audience. Nobody misses the list of one that it does not.</summary>
    public bool IsKept(string audience) => _kept.Contains(audience);

    /// <summary>Takes note of what the run keeps.</summary>
    public void Set(IReadOnlyDictionary<string, string> kept)
    {
        foreach (var (audience, list) in kept)
        {
            _lists[audience] = list;
        }
    }

    /// <summary>The list of an audience; null when none was ever made.</summary>
    public async Task<string?> FindAsync(string audience, CancellationToken cancellationToken)
    {
        if (!_lists.TryGetValue(audience, out var list))
        {
            _lists[audience] = list = (await records.FindAsync(AudienceKey.Parse(audience), cancellationToken))?.ListId;
        }

        return list;
    }

    /// <summary>Everybody in the list of an audience is being replaced.</summary>
    public Task ReplacingAsync(string audience, CancellationToken cancellationToken) => records.ReplacingAsync(AudienceKey.Parse(audience), cancellationToken);
}
