using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Reporting;

/// <summary>A run that a worker says it works on.</summary>
/// <param name="Worker">App id of the caller.</param>
internal sealed record ClaimedRun(RunName Name, string Worker);

/// <summary>Keeps the workers of different destinations apart: a run belongs to the worker of its destination's type.</summary>
internal sealed class CheckWorker(DestinationTypes types)
{
    /// <summary>Null when the run is the caller's.</summary>
    public Refusal? Refuse(ExportRun run, ClaimedRun claimed) => types.Of(run.Definition.Settings).Worker is var owner && owner != claimed.Worker
        ? new Refusal(RefusalKind.PermissionDenied, $"Only {owner} may work on runs of this type.") { Reason = "WRONG_WORKER" }
        : null;
}
