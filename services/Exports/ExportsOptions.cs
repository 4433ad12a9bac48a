using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.Exports;

/// <summary>Section "Exports" of the configuration.</summary>
internal sealed class ExportsOptions
{
    public const string Section = "Exports";

    /// <summary>How often delivered and current versions are compared, and silent runs looked for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan HealEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a run may wait before its worker is asked again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskAgainAfterQueued { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a worker may say nothing about a run before it is asked again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AskAgainAfterSilence { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Pause before the first catch-up after a failed run; doubles with each further failure.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CatchUpPause { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest that this pause becomes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LongestCatchUpPause { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long the history of runs and their refused rows is kept.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepRuns { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How long ended runs of a removed export are kept, for the worker to learn that they are over.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan KeepRunsOfRemovedExports { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Refused rows listed for a run; further ones are counted.</summary>
    [Range(1, 1_000_000)]
    public int MaxListedRows { get; set; } = 100_000;
}
