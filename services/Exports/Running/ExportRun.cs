using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Reporting;

namespace CustomerInsights.Exports.Running;

/// <summary>A run with the definition it works by, as it was when the run was opened.</summary>
internal sealed record ExportRun(
    RunName Name,
    string ExportUid,
    RunState State,
    RunTrigger Trigger,
    string StartedBy,
    bool FullComparison,
    string RequestId,
    ExportDefinition Definition,
    string DefinitionEtag,
    string DestinationAccount,
    DateTimeOffset RequestTime)
{
    /// <summary>Principal under whose name it reads data (D-15); empty when there was no connection.</summary>
    public string ExportUser { get; init; } = "";

    /// <summary>Every member is sent, whatever was delivered before.</summary>
    public bool ResendAll { get; init; }

    /// <summary>Everybody is taken out, nobody is delivered.</summary>
    public bool EmptyAudiences { get; init; }

    /// <summary>Display names by segment, as they were when the run was opened; without those that did not exist.</summary>
    public IReadOnlyDictionary<string, string> SegmentDisplayNames { get; init; } = new Dictionary<string, string>();

    /// <summary>When a worker was last asked to take it over.</summary>
    public DateTimeOffset PublishTime { get; init; } = RequestTime;

    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When a worker last said anything about it.</summary>
    public DateTimeOffset? ProgressTime { get; init; }

    public DateTimeOffset? EndTime { get; init; }

    public DateTimeOffset? ThrottledUntil { get; init; }

    public bool CancelRequested { get; init; }

    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    public RunCounts Counts { get; init; } = RunCounts.Zero;

    /// <summary>In the order of the definition's segments.</summary>
    public IReadOnlyList<SegmentCounts> SegmentCounts { get; init; } = [];

    /// <summary>Versions that readers of the segments saw when the run was opened.</summary>
    public IReadOnlyDictionary<string, long> OpenedVersions { get; init; } = new Dictionary<string, long>();

    /// <summary>Refused rows that are kept, and those beyond the limit that are only counted.</summary>
    public long ListedRows { get; init; }

    public long UnlistedRows { get; init; }

    /// <summary>
    /// Versions that ask for no run any more once this one is over: what was delivered, or what a person or the state of
    /// things gave up. A failed run settles nothing, so that the catch-up tries again.
    /// </summary>
    public IReadOnlyDictionary<string, long> SettledVersions => State switch
    {
        RunState.Successful => OpenedVersions.ToDictionary(
            opened => opened.Key,
            opened => Math.Max(opened.Value, SegmentCounts.FirstOrDefault(counts => counts.Segment == opened.Key)?.Version ?? 0)),
        RunState.Canceled or RunState.Skipped => OpenedVersions,
        _ => new Dictionary<string, long>(),
    };
}
