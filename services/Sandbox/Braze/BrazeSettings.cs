using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>Which budget a route counts against.</summary>
public enum LimitGroup
{
    /// <summary>/users/track.</summary>
    Track,

    /// <summary>/users/track/bulk.</summary>
    Bulk,

    /// <summary>/users/export/ids.</summary>
    ExportIds,

    /// <summary>/users/delete.</summary>
    Delete,

    /// <summary>Everything else.</summary>
    Shared,
}

/// <summary>How X-RateLimit-Reset is told.</summary>
public enum LimitDialect
{
    /// <summary>As UTC epoch seconds, on every answer.</summary>
    Epoch,

    /// <summary>As seconds left; on a 429 X-Ratelimit-Retry-After stands in the place of all three headers.</summary>
    SecondsLeft,
}

/// <summary>How a workspace behaves. Defaults are what Braze documents today.</summary>
public sealed record BrazeSettings
{
    public JournalMode Journal { get; init; } = JournalMode.Ids;

    public LimitDialect LimitDialect { get; init; } = LimitDialect.Epoch;

    /// <summary>Windows by group; a group without windows is not limited.</summary>
    public IReadOnlyDictionary<LimitGroup, IReadOnlyList<RateWindow>> Limits { get; init; } = DefaultLimits;

    /// <summary>Old contracts: 75 objects in each array instead of 75 in all.</summary>
    public bool LegacyObjectLimit { get; init; }

    /// <summary>How long the vendor's own reads lag behind writes.</summary>
    public int VisibilityDelayMilliseconds { get; init; }

    /// <summary>How long a segment export takes to become ready.</summary>
    public int ExportDelayMilliseconds { get; init; }

    /// <summary>Customers who joined on or after 22 August 2024 must name the fields they want.</summary>
    public bool RequireFieldsToExport { get; init; } = true;

    /// <summary>False leaves "index" and "input_array" out of the errors.</summary>
    public bool IndexedErrors { get; init; } = true;

    public static IReadOnlyDictionary<LimitGroup, IReadOnlyList<RateWindow>> DefaultLimits { get; } = new Dictionary<LimitGroup, IReadOnlyList<RateWindow>>
    {
        [LimitGroup.Track] = [new(3_000, 3)],
        [LimitGroup.Bulk] = [new(50, 1)],
        [LimitGroup.ExportIds] = [new(250, 60)],
        [LimitGroup.Delete] = [new(20_000, 60)],
        [LimitGroup.Shared] = [new(250_000, 3_600)],
    };
}

/// <summary>An API key: what it may do, and in which workspace.</summary>
public sealed record BrazeKey
{
    /// <summary>The secret itself.</summary>
    public required string Key { get; init; }

    /// <summary>Each workspace has users, journal, faults, settings and limits of its own.</summary>
    public string Workspace { get; init; } = BrazeSandbox.MainWorkspace;

    /// <summary>Such as "users.track".</summary>
    public IReadOnlyList<string> Permissions { get; init; } = BrazePermissions.All;
}

/// <summary>The permissions this stand-in knows.</summary>
public static class BrazePermissions
{
    public const string UsersTrack = "users.track";
    public const string UsersTrackBulk = "users.track.bulk";
    public const string UsersExportIds = "users.export.ids";
    public const string UsersExportSegment = "users.export.segment";
    public const string UsersDelete = "users.delete";
    public const string SegmentsList = "segments.list";
    public const string SegmentsDetails = "segments.details";
    public const string MauDataSeries = "kpi.mau.data_series";

    public static IReadOnlyList<string> All { get; } =
        [UsersTrack, UsersTrackBulk, UsersExportIds, UsersExportSegment, UsersDelete, SegmentsList, SegmentsDetails, MauDataSeries];
}
