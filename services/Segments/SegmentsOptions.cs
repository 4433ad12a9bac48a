using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.Segments;

/// <summary>Section "Segments".</summary>
internal sealed class SegmentsOptions
{
    public const string Section = "Segments";

    public const int DefaultRefreshesAtOnce = 2;

    /// <value>Active segments of an environment beyond which each activation is logged as a warning (SEG-32). Default: 100.</value>
    [Range(1, 100_000)]
    public int ActiveLimit { get; set; } = 100;

    /// <value>Refreshes that this process evaluates at the same time. Default: 2.</value>
    [Range(1, 64)]
    public int RefreshesAtOnce { get; set; } = DefaultRefreshesAtOnce;

    /// <value>Days for which the change feed remembers who left and what was deleted. Default: 30.</value>
    [Range(1, 3650)]
    public int FeedDays { get; set; } = 30;

    /// <value>Versions of a segment for which the change feed remembers who left. Default: 1000.</value>
    [Range(1, 1_000_000)]
    public int FeedVersions { get; set; } = 1000;

    /// <value>Days for which refreshes stay in the history (SEG-26). Default: 400.</value>
    [Range(1, 36_500)]
    public int HistoryDays { get; set; } = 400;

    /// <value>Folder for files on their way in; needs room for the largest one. Default: the system's temporary folder.</value>
    public string SpoolFolder { get; set; } = "";
}
