namespace CustomerInsights.Exports.Reporting;

/// <summary>Absolute counts of a run: read = added + updated + unchanged + skipped + duplicates + rejected.</summary>
internal sealed record RunCounts(
    long Read,
    long Added,
    long Updated,
    long Unchanged,
    long Removed,
    long Skipped,
    long Duplicates,
    long Rejected,
    long Requests,
    long RemovalsRejected)
{
    public static RunCounts Zero { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Members delivered in this run.</summary>
    public long Delivered => Added + Updated;

    /// <summary>Rows that end in the list of rejected rows.</summary>
    public long Refused => Skipped + Rejected + RemovalsRejected;

    /// <summary>Reports may arrive late or twice: while a run goes on, no count ever falls.</summary>
    public RunCounts Advance(RunCounts reported) => new(
        Math.Max(Read, reported.Read),
        Math.Max(Added, reported.Added),
        Math.Max(Updated, reported.Updated),
        Math.Max(Unchanged, reported.Unchanged),
        Math.Max(Removed, reported.Removed),
        Math.Max(Skipped, reported.Skipped),
        Math.Max(Duplicates, reported.Duplicates),
        Math.Max(Rejected, reported.Rejected),
        Math.Max(Requests, reported.Requests),
        Math.Max(RemovalsRejected, reported.RemovalsRejected));

    /// <summary>The smallest of all counts: negative when one of them is.</summary>
    public long Least => new[] { Read, Added, Updated, Unchanged, Removed, Skipped, Duplicates, Rejected, Requests, RemovalsRejected }.Min();
}
