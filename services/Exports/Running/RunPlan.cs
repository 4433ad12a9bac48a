using CustomerInsights.Exports.Defining;

namespace CustomerInsights.Exports.Running;

/// <summary>Whether an export can run now, decided from what Connections and Segments say.</summary>
/// <param name="Obstacle">Why not; null when it can.</param>
/// <param name="DestinationAccount">Account at the destination.</param>
/// <param name="Versions">Version of each segment that exists.</param>
/// <param name="Warnings">Things to know that do not stop the run.</param>
internal sealed record RunPlan(RunObstacle? Obstacle, string DestinationAccount, IReadOnlyDictionary<string, long> Versions, IReadOnlyList<string> Warnings)
{
    /// <summary>Principal under whose name the run would read data; empty without a connection.</summary>
    public string ExportUser { get; init; } = "";

    public static RunPlan Decide(
        ExportDefinition definition, ConnectionFacts? connection, IReadOnlyDictionary<string, SegmentFacts> segments, DestinationTypes types) => new(
        FindObstacle(definition, connection, segments),
        connection?.DestinationAccount ?? "",
        segments.ToDictionary(segment => segment.Key, segment => segment.Value.Version, StringComparer.Ordinal),
        CheckDefinition.Warn(definition, segments, types))
    {
        ExportUser = connection?.ExportUser ?? "",
    };

    private static RunObstacle? FindObstacle(ExportDefinition definition, ConnectionFacts? connection, IReadOnlyDictionary<string, SegmentFacts> segments)
    {
        if (connection is null)
        {
            return new RunObstacle("CONNECTION_MISSING", "The export has no connection. Give it one.");
        }

        // Without the segment its members would look like leavers. Taking them out is for whoever edits the export (D-34).
        if (definition.Segments.FirstOrDefault(segment => !segments.ContainsKey(segment)) is { } deleted)
        {
            return new RunObstacle("SEGMENT_DELETED", $"{deleted} does not exist any more. Remove it from the export to have the others delivered.");
        }

        if (segments.Values.All(segment => segment.Version == 0))
        {
            return new RunObstacle("SEGMENT_NEVER_REFRESHED", "No segment of the export was ever refreshed, so that none has members. Refresh one first.");
        }

        return segments.Values.Any(segment => segment is { Active: true, Version: > 0 })
            ? null
            : new RunObstacle("SEGMENT_INACTIVE", "All segments of the export are inactive; the destination is left as it is. Activate one first.");
    }
}

/// <summary>Why an export cannot run.</summary>
/// <param name="Reason">Machine-readable.</param>
/// <param name="Message">In words, with the remedy.</param>
internal sealed record RunObstacle(string Reason, string Message);
