namespace CustomerInsights.Exports.Reporting;

/// <summary>Absolute counts of one segment in a run (EXP-35). A member of several segments counts in each.</summary>
/// <param name="Segment">Resource name.</param>
/// <param name="Version">Version of the membership that is delivered.</param>
internal sealed record SegmentCounts(
    string Segment,
    long Version,
    long MemberCount,
    long Read,
    long Sent,
    long Skipped,
    long Duplicates,
    long Rejected)
{
    /// <summary>Former members taken out of the audience of this segment alone; null where an audience holds several.</summary>
    public long? Removed { get; init; }

    /// <summary>As <see cref="RunCounts.Advance"/>. The number of members is of the newest version, not the largest seen.</summary>
    public SegmentCounts Advance(SegmentCounts reported) => new(
        Segment,
        Math.Max(Version, reported.Version),
        reported.Version >= Version ? reported.MemberCount : MemberCount,
        Math.Max(Read, reported.Read),
        Math.Max(Sent, reported.Sent),
        Math.Max(Skipped, reported.Skipped),
        Math.Max(Duplicates, reported.Duplicates),
        Math.Max(Rejected, reported.Rejected)) { Removed = reported.Removed > (Removed ?? -1) ? reported.Removed : Removed };

    /// <summary>The smallest of all counts: negative when one of them is.</summary>
    public long Least => new[] { Version, MemberCount, Read, Sent, Skipped, Duplicates, Rejected, Removed ?? 0 }.Min();
}
