namespace CustomerInsights.Contracts;

/// <summary>Names of the event topics: constants of the wire, never derived from a class name. See protos/README.md.</summary>
public static class Topics
{
    /// <summary>Anybody asks for a refresh; data is <see cref="Events.V1.SegmentRefreshRequested"/>.</summary>
    public const string SegmentRefreshRequested = "segments.refresh-requested.v1";

    /// <summary>A new version of a segment is published; data is <see cref="Events.V1.SegmentRefreshed"/>.</summary>
    public const string SegmentRefreshed = "segments.segment-refreshed.v1";

    /// <summary>A run for the Braze worker; data is <see cref="Events.V1.ExportRunRequested"/>.</summary>
    public const string BrazeRunRequested = "exports.braze-run-requested.v1";

    /// <summary>A run for the Microsoft Advertising worker; data is <see cref="Events.V1.ExportRunRequested"/>.</summary>
    public const string MicrosoftAdvertisingRunRequested = "exports.microsoft-advertising-run-requested.v1";

    /// <summary>A run for the webhook worker; data is <see cref="Events.V1.ExportRunRequested"/>.</summary>
    public const string WebhookRunRequested = "exports.webhook-run-requested.v1";

    /// <summary>A run has ended; data is <see cref="Events.V1.ExportRunCompleted"/>.</summary>
    public const string ExportRunCompleted = "exports.export-run-completed.v1";

    /// <summary>An export is gone for good; data is <see cref="Events.V1.ExportDeleted"/>.</summary>
    public const string ExportDeleted = "exports.export-deleted.v1";
}
