using CustomerInsights.ServiceDefaults.Jobs;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>A refresh as a job: each under its own key, those of one segment one after another.</summary>
internal static class RefreshJob
{
    public const string Kind = "refresh";

    public static Job For(RefreshName name) => new(Kind, name.Refresh, name.SegmentName.ToString(), name.ToString());

    public static RefreshName NameOf(Job job) => RefreshName.TryParse(job.Payload)
        ?? throw new InvalidOperationException($"The job {job.Key} does not name a refresh.");
}
