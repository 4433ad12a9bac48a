using CustomerInsights.Destinations.Deciding;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>What became of a row.</summary>
/// <param name="IsSettled">False when the run ended first.</param>
/// <param name="Reason">Null when delivered.</param>
internal readonly record struct RowFate(bool IsSettled, string? Reason);

/// <summary>
/// Sends one batch until each of its rows is settled or the run ends: does what <see cref="DeliveryPolicy"/> decides, and
/// decides nothing itself.
/// </summary>
internal sealed partial class BatchSender(RunWork run, SendMeter meter, TimeProvider time, ILogger<BatchSender> logger)
{
    /// <summary>Sends the batch. The token aborts requests on their way; the halt only ends waiting.</summary>
    public async Task<RowFate[]> SendAsync(DeliveryBatch batch, CancellationToken cancellationToken)
    {
        var fates = new RowFate[batch.Operations.Count];
        var parts = new Stack<Part>();
        parts.Push(new Part([.. Enumerable.Range(0, fates.Length)], default));
        while (parts.TryPop(out var part))
        {
            if (!await run.Halt.WaitAsync(run.Throttle.AcquireAsync))
            {
                break;
            }

            var outcome = await SendOnceAsync(batch, part, cancellationToken);
            var rest = SettleRejected(part, outcome, fates);
            var decision = DeliveryPolicy.Decide(outcome, part.Rows.Count, part.Attempts, time.GetUtcNow(), meter.NextJitter());
            if (!await FollowAsync(decision, part with { Rows = rest, Attempts = part.Attempts.After(outcome.Answer) }, parts, fates, cancellationToken))
            {
                break;
            }
        }

        return fates;
    }

    private async Task<BatchOutcome> SendOnceAsync(DeliveryBatch batch, Part part, CancellationToken cancellationToken)
    {
        var request = part.Rows.Count == batch.Operations.Count ? batch : batch with { Operations = [.. part.Rows.Select(row => batch.Operations[row])] };
        var started = time.GetTimestamp();
        var outcome = await run.Session.DeliverAsync(request, cancellationToken);
        meter.Sent(request, outcome, time.GetElapsedTime(started));
        if (outcome.Rate is { } hint)
        {
            run.Throttle.Observe(hint);
        }

        return outcome;
    }

    private static IReadOnlyList<int> SettleRejected(Part part, BatchOutcome outcome, RowFate[] fates)
    {
        if (outcome.Rejections.Count == 0)
        {
            return part.Rows;
        }

        foreach (var rejection in outcome.Rejections)
        {
            fates[part.Rows[rejection.Row]] = new RowFate(true, rejection.Reason);
        }

        return [.. part.Rows.Where(row => !fates[row].IsSettled)];
    }

    // Tells whether to go on with what is left.
    private async Task<bool> FollowAsync(DeliveryDecision decision, Part rest, Stack<Part> parts, RowFate[] fates, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (decision.Step)
        {
            case NextStep.Done:
                Settle(rest, null, fates);
                return true;
            case NextStep.GiveUpRow:
                Settle(rest, decision.Reason, fates);
                return true;
            case NextStep.Split:
                var half = (rest.Rows.Count + 1) / 2;
                PushUnlessEmpty(parts, [.. rest.Rows.Skip(half)]);
                PushUnlessEmpty(parts, [.. rest.Rows.Take(half)]);
                return true;
            case NextStep.Retry:
                Log.Retrying(logger, run.Run, rest.Rows.Count, decision.Reason, rest.Attempts.Failures, rest.Attempts.Throttles);
                if (decision.HoldsAccount)
                {
                    run.Throttle.HoldUntil(decision.At);
                }

                parts.Push(rest);
                return await run.Halt.WaitAsync(token => Task.Delay(Positive(decision.At - time.GetUtcNow()), time, token));
            default:
                run.Halt.Request(RunEnd.Failed(decision.Reason));
                return false;
        }
    }

    private static void Settle(Part part, string? reason, RowFate[] fates)
    {
        foreach (var row in part.Rows)
        {
            fates[row] = new RowFate(true, reason);
        }
    }

    // Rows of a request that held others fare anew: whatever failed before may have been the others' fault.
    private static void PushUnlessEmpty(Stack<Part> parts, IReadOnlyList<int> rows)
    {
        if (rows.Count > 0)
        {
            parts.Push(new Part(rows, default));
        }
    }

    private static TimeSpan Positive(TimeSpan wait) => wait > TimeSpan.Zero ? wait : TimeSpan.Zero;

    private sealed record Part(IReadOnlyList<int> Rows, Attempts Attempts);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run}: {Rows} rows are sent again for {Reason} after {Failures} failures and {Throttles} throttles")]
        public static partial void Retrying(ILogger logger, string run, int rows, string reason, int failures, int throttles);
    }
}
