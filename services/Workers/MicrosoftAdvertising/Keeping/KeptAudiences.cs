namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>The lists of a run.</summary>
internal sealed class KeptAudiences
{
    private readonly Dictionary<string, string> _lists = new(StringComparer.Ordinal);
    private readonly List<string> _mustReplace = [];

    /// <summary>List id by key of the audience.</summary>
    public IReadOnlyDictionary<string, string> Lists => _lists;

    /// <summary>Keys of audiences that may hold others than whom was sent, or nobody.</summary>
    public IReadOnlyCollection<string> MustReplace => _mustReplace;

    /// <summary>Days after which the first members drop out; null when none ever do.</summary>
    public int? ShortestMembership { get; private set; }

    public void Add(AudienceKey key, KeptAudience audience)
    {
        _lists[key.ToString()] = audience.ListId;
        if (audience.MustReplace)
        {
            _mustReplace.Add(key.ToString());
        }

        if (audience.MembershipDuration != MicrosoftAdvertisingLimits.EndlessMembership)
        {
            ShortestMembership = Math.Min(ShortestMembership ?? int.MaxValue, audience.MembershipDuration);
        }
    }
}

/// <summary>One list.</summary>
/// <param name="MustReplace">It may hold others than whom was sent, or nobody.</param>
/// <param name="MembershipDuration">In force, in days, or -1.</param>
internal sealed record KeptAudience(string ListId, bool MustReplace, int MembershipDuration);
