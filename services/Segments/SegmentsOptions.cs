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

    /// <value>Membership streams that this process keeps open at the same time; on PostgreSQL each takes one of its 40 connections. Default: 20.</value>
    [Range(1, 1000)]
    public int MaxStreams { get; set; } = 20;

    /// <value>How long a membership stream waits for a reader that takes nothing in. Default: 10 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Segments:StreamPatience must be a time from 00:00:01 to 1.00:00:00.")]
    public TimeSpan StreamPatience { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Largest import, in bytes, as it arrives and as it lies in <see cref="SpoolFolder"/>. Default: 10 GiB.</value>
    [Range(1.0, 1e15)]
    public long MaxImportBytes { get; set; } = 10L * 1024 * 1024 * 1024;

    /// <value>Folder for files on their way in; needs room for the largest one. Default: the system's temporary folder.</value>
    public string SpoolFolder { get; set; } = "";
}
