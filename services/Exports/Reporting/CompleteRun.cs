using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Reporting;

/// <summary>How a worker ends a run.</summary>
/// <param name="Action">One of the actions that end a run.</param>
/// <param name="Report">Final absolute counts.</param>
internal sealed record RunCompletion(RunAction Action, RunReport Report, string Reason, string Message)
{
    /// <summary>Final absolute counts of refused rows; empty when only the listed ones count.</summary>
    public IReadOnlyList<RejectionClass> Classes { get; init; } = [];
}

/// <summary>Ends a run. The first completion counts; repeats are answered alike and change nothing.</summary>
internal sealed class CompleteRun(Database database, CheckWorker worker, EndRun end)
{
    private const int MaxMessage = 1_000;
    private const int MaxClasses = 50;

    /// <summary>The run as it ended.</summary>
    public Task<Result<ExportRun>> RunAsync(ClaimedRun claimed, RunCompletion completion, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => CompleteAsync(transaction, claimed, completion), cancellationToken);

    private async Task<Result<ExportRun>> CompleteAsync(Transaction transaction, ClaimedRun claimed, RunCompletion completion)
    {
        var name = claimed.Name;
        if (await RunStore.FindAsync(transaction, name) is not { } found)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (worker.Refuse(found, claimed) is { } wrong)
        {
            return wrong;
        }

        var export = await ExportStore.LockByUidAsync(transaction, found.ExportUid);
        var run = (await RunStore.LockAsync(transaction, name))!;
        if (!run.State.IsActive())
        {
            return run;
        }

        if (Check(completion, run) is { } refusal)
        {
            return refusal;
        }

        if (ExportTransitions.Next(run.State, completion.Action) is not { } state)
        {
            return Refusal.Precondition("RUN_NOT_BEGUN", $"{name} was not begun and cannot have succeeded. Begin it first.");
        }

        if (completion.Classes.Count > 0)
        {
            await RejectedRowStore.ReplaceClassesAsync(transaction, name.Run, completion.Classes);
        }

        var completed = Complete(run, state, completion);
        await end.RunAsync(transaction, export, completed);
        return completed;
    }

    private static Refusal? Check(RunCompletion completion, ExportRun run)
    {
        var violations = new Violations();
        completion.Report.Check(run.Definition.Segments, violations);
        violations.Check(completion.Reason.Length == 0 || RejectedRow.IsReason(completion.Reason), "reason", "must be upper-case letters, digits and \"_\".");
        violations.Check(PlainText.Is(completion.Message, MaxMessage), "message", $"must be at most {MaxMessage} characters without control characters.");
        violations.Check(completion.Classes.Count <= MaxClasses, "rejection_classes", $"must hold at most {MaxClasses} classes.");
        foreach (var (index, rejections) in completion.Classes.Index().Take(MaxClasses))
        {
            rejections.Check($"rejection_classes[{index}]", violations);
        }

        return violations.None ? null : violations.ToRefusal();
    }

    private static ExportRun Complete(ExportRun run, RunState state, RunCompletion completion)
    {
        // Why a person stopped it was recorded then; the worker has nothing to add.
        var keepReason = state == RunState.Canceled && completion.Reason.Length == 0;
        return run with
        {
            State = state,
            // Requests are no rows that a later claim may count anew.
            Counts = completion.Report.Counts with { Requests = Math.Max(run.Counts.Requests, completion.Report.Counts.Requests) },
            SegmentCounts = completion.Report.Apply(run.SegmentCounts, (_, reported) => reported),
            Reason = keepReason ? run.Reason : completion.Reason,
            Message = keepReason ? run.Message : completion.Message,
            // Beyond the limit repeats cannot be told apart; the final counts can.
            UnlistedRows = run.UnlistedRows == 0 ? 0 : Math.Max(0, completion.Report.Counts.Refused - run.ListedRows),
        };
    }
}
