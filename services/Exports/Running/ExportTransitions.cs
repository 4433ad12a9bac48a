namespace CustomerInsights.Exports.Running;

/// <summary>Where a run stands (EXP-34). The numbers are stored and equal those of the contract.</summary>
internal enum RunState
{
    Queued = 1,
    Processing = 2,
    Successful = 3,
    Failed = 4,
    Skipped = 5,
    Canceled = 6,
}

/// <summary>What started a run (EXP-35). The numbers are stored and equal those of the contract.</summary>
internal enum RunTrigger
{
    SegmentRefreshed = 1,
    OnDemand = 2,
    CatchUp = 3,
}

/// <summary>What can happen to a run.</summary>
internal enum RunAction
{
    /// <summary>A worker takes it over, for the first time or again after a crash.</summary>
    Begin,

    /// <summary>A person, or the removal of the export, asks to stop it.</summary>
    RequestCancel,

    /// <summary>The worker is done.</summary>
    Succeed,

    /// <summary>The worker gives up.</summary>
    Fail,

    /// <summary>There is nothing to attempt.</summary>
    Skip,

    /// <summary>The worker has stopped as asked.</summary>
    ConfirmCancel,
}

/// <summary>The life of a run as a table: every pair that is not listed is refused.</summary>
internal static class ExportTransitions
{
    /// <summary>The state after the action, or null when the state does not allow it.</summary>
    public static RunState? Next(RunState state, RunAction action) => (state, action) switch
    {
        (RunState.Queued or RunState.Processing, RunAction.Begin) => RunState.Processing,

        // Nobody has a queued run, so it stops at once; a worker has to be asked.
        (RunState.Queued, RunAction.RequestCancel) => RunState.Canceled,
        (RunState.Processing, RunAction.RequestCancel) => RunState.Processing,

        (RunState.Processing, RunAction.Succeed) => RunState.Successful,
        (RunState.Queued or RunState.Processing, RunAction.Fail) => RunState.Failed,
        (RunState.Queued or RunState.Processing, RunAction.Skip) => RunState.Skipped,
        (RunState.Queued or RunState.Processing, RunAction.ConfirmCancel) => RunState.Canceled,
        _ => null,
    };

    /// <summary>Whether an export with a run in this state may not start another one (EXP-36).</summary>
    public static bool IsActive(this RunState state) => state is RunState.Queued or RunState.Processing;
}
