using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Healing;

/// <summary>Decides whether an idle export needs a run that no event has opened.</summary>
internal sealed class CatchUp(IOptions<ExportsOptions> options, TimeProvider time)
{
    /// <summary>Whether a segment has a newer version than the newest that asks for no run any more.</summary>
    public static bool IsBehind(IReadOnlyDictionary<string, long> settled, IReadOnlyDictionary<string, SegmentFacts> current) =>
        settled.Any(segment => current.TryGetValue(segment.Key, out var facts) && facts.Active && facts.Version > segment.Value);

    /// <summary>Whether an export may be caught up now: after a failed run a pause comes first, which grows with each further failure.</summary>
    public bool MayTry(Export export) =>
        export is not { LastRunState: RunState.Failed, LastRunTime: { } failed } || failed + Pause(export.FailuresInARow) <= time.GetUtcNow();

    private TimeSpan Pause(int failures)
    {
        var pause = options.Value.CatchUpPause * Math.Pow(2, Math.Clamp(failures - 1, 0, 20));
        return pause < options.Value.LongestCatchUpPause ? pause : options.Value.LongestCatchUpPause;
    }
}
