using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>"environments/{environment}/segments/{segment}/refreshes/{refresh}".</summary>
internal sealed record RefreshName(string Environment, string Segment, string Refresh)
{
    private const string Pattern = "environments/*/segments/*/refreshes/*";

    public SegmentName SegmentName => new(Environment, Segment);

    public static Result<RefreshName> Parse(string? name) => TryParse(name) is { } parsed
        ? parsed
        : Refusal.Invalid("name", "must be \"environments/{environment}/segments/{segment}/refreshes/{refresh}\".");

    public static RefreshName? TryParse(string? name) =>
        ResourceName.Parse(Pattern, name) is [var environment, var segment, var refresh] ? new(environment, segment, refresh) : null;

    public override string ToString() => $"{SegmentName}/refreshes/{Refresh}";
}

/// <summary>Where a refresh stands (D-32). The numbers are those of the wire and of the database.</summary>
internal enum RefreshState
{
    Queued = 1,
    Processing = 2,
    Successful = 3,
    Failed = 4,
    Canceled = 5,
}

/// <summary>What a refresh published.</summary>
internal sealed record RefreshCounts(long Version, long Members, long Added, long Removed)
{
    public static RefreshCounts None { get; } = new(0, 0, 0, 0);
}

/// <summary>One evaluation of a segment (SEG-26).</summary>
/// <param name="Name">Its resource name.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Counts">What it published; zeros unless successful.</param>
/// <param name="RequestedBy">Who or what asked for it.</param>
/// <param name="RequestTime">When it was asked for.</param>
/// <param name="StartTime">When it began.</param>
/// <param name="EndTime">When it ended.</param>
/// <param name="Error">Why it failed; ids only.</param>
internal sealed record SegmentRefresh(
    RefreshName Name, RefreshState State, RefreshCounts Counts, string RequestedBy, DateTimeOffset RequestTime, DateTimeOffset? StartTime, DateTimeOffset? EndTime, string Error);
