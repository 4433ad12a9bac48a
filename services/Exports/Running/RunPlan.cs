using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Running;

/// <summary>Whether an export can run now, decided from what Connections and Segments say.</summary>
/// <param name="Obstacle">Why not; null when it can.</param>
/// <param name="DestinationAccount">Account at the destination.</param>
/// <param name="Versions">Version of each segment that exists.</param>
/// <param name="Warnings">Things to know that do not stop the run.</param>
internal sealed record RunPlan(RunObstacle? Obstacle, string DestinationAccount, IReadOnlyDictionary<string, long> Versions, IReadOnlyList<string> Warnings)
{
    private const int MaxNamed = 3;

    /// <summary>Principal under whose name the run would read data; empty without a connection.</summary>
    public string ExportUser { get; init; } = "";

    /// <summary>Display name of each segment that exists.</summary>
    public IReadOnlyDictionary<string, string> SegmentDisplayNames { get; init; } = new Dictionary<string, string>();

    /// <param name="emptyAudiences">Whether everybody is taken out instead of delivered, so that the state of the segments is no obstacle.</param>
    public static RunPlan Decide(
        ExportDefinition definition, ConnectionFacts? connection, IReadOnlyDictionary<string, SegmentFacts> segments, DestinationTypes types, bool emptyAudiences = false) => new(
        connection is null ? new RunObstacle("CONNECTION_MISSING", "The export has no connection. Give it one with UpdateExport.")
        : emptyAudiences ? null
        : FindObstacle(definition, segments, types),
        connection?.DestinationAccount ?? "",
        segments.ToDictionary(segment => segment.Key, segment => segment.Value.Version, StringComparer.Ordinal),
        CheckDefinition.Warn(definition, connection, segments, types))
    {
        ExportUser = connection?.ExportUser ?? "",
        SegmentDisplayNames = segments.ToDictionary(segment => segment.Key, segment => segment.Value.DisplayName, StringComparer.Ordinal),
    };

    private static RunObstacle? FindObstacle(ExportDefinition definition, IReadOnlyDictionary<string, SegmentFacts> segments, DestinationTypes types)
    {
        // Without the segment its members would look like leavers. Taking them out is for whoever edits the export (D-34).
        if (definition.Segments.FirstOrDefault(segment => !segments.ContainsKey(segment)) is { } deleted)
        {
            return new RunObstacle("SEGMENT_DELETED", $"{deleted} does not exist any more. Remove it from the export to have the others delivered.");
        }

        if (segments.Values.All(segment => segment.Version == 0))
        {
            return new RunObstacle("SEGMENT_NEVER_REFRESHED", "No segment of the export was ever refreshed, so that none has members. Refresh one first with RefreshSegment.");
        }

        if (!segments.Values.Any(segment => segment is { Active: true, Version: > 0 }))
        {
            return new RunObstacle("SEGMENT_INACTIVE", "All segments of the export are inactive; the destination is left as it is. Activate one first.");
        }

        // Segments may have been renamed since the export was saved.
        var violations = new Violations();
        types.Of(definition.Settings).CheckSegments(definition.Segments, segments, violations);
        return violations.None ? null : new RunObstacle("SEGMENT_NAME_UNUSABLE", Describe(definition, violations.ToRefusal()));
    }

    private static string Describe(ExportDefinition definition, Refusal refusal)
    {
        var named = refusal.Violations.Select(violation => definition.Segments
            .Where((_, index) => violation.Field == $"export.segments[{index}]").Select(segment => $"{segment} {violation.Description}").FirstOrDefault(violation.Description));
        return string.Join(' ', named.Take(MaxNamed));
    }
}

/// <summary>Why an export cannot run.</summary>
/// <param name="Reason">Machine-readable.</param>
/// <param name="Message">In words, with the remedy.</param>
internal sealed record RunObstacle(string Reason, string Message);
