using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Streaming;

/// <summary>What a reader of the change feed has seen.</summary>
/// <param name="ChangeNumber">Change number of the environment.</param>
/// <param name="Versions">Version of each segment, by resource name.</param>
internal sealed record FeedPosition(long ChangeNumber, IReadOnlyDictionary<string, long> Versions)
{
    private static readonly Refusal Expired = new(
        RefusalKind.OutOfRange, "The change feed does not reach back to this position. Read all members instead.") { Reason = "CHANGE_FEED_EXPIRED" };

    public static FeedPosition Of(ProfileSet set, IReadOnlyList<Segment> segments) =>
        new(set.ChangeNumber, segments.ToDictionary(s => s.Name.ToString(), s => s.Published.Version));

    public long VersionOf(Segment segment) => Versions[segment.Name.ToString()];

    /// <summary>Why the feed cannot go on from here, or null.</summary>
    public Refusal? Check(ProfileSet set, IReadOnlyList<Segment> segments)
    {
        var isSameUnion = Versions.Count == segments.Count && segments.All(s => Versions.ContainsKey(s.Name.ToString()));
        var isKept = ChangeNumber >= set.FeedFloor && ChangeNumber <= set.ChangeNumber;
        return isSameUnion && isKept && segments.All(s => Reaches(s.Published, VersionOf(s))) ? null : Expired;
    }

    // Whoever saw version 0 saw no members: everybody there is has joined since, and nobody can have left.
    private static bool Reaches(Publication published, long version) =>
        version <= published.Version && (version == 0 || version >= published.FeedFloor);
}
