using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.TestKit;

namespace CustomerInsights.Exports.Tests;

/// <summary>Exports and runs as they are stored.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Time = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    public static Export Export(string environment, string id = "export", params string[] segments) => new(
        Some.Id(),
        new ExportName(environment, id),
        new ExportDefinition("Export", $"environments/{environment}/connections/braze", segments.Length == 0 ? [Segment(environment)] : segments, Settings.Braze(), FollowRefreshes: true),
        ["something to know"],
        Time,
        "user:somebody",
        RequestId: "",
        Some.Id());

    public static string Segment(string environment, string id = "vip") => $"environments/{environment}/segments/{id}";

    public static ExportRun Run(Export export, RunState state = RunState.Queued, DateTimeOffset? time = null) => new(
        new RunName(export.Name, Some.Id()),
        export.Uid,
        state,
        RunTrigger.OnDemand,
        "user:somebody",
        FullComparison: true,
        RequestId: "",
        export.Definition,
        export.Etag,
        "account-1",
        time ?? Time)
    {
        ExportUser = "user:exporter",
        OpenedVersions = export.Definition.Segments.ToDictionary(segment => segment, _ => 4L),
        SegmentCounts = [.. export.Definition.Segments.Select(segment => new Exports.Reporting.SegmentCounts(segment, 0, 0, 0, 0, 0, 0, 0))],
    };
}
