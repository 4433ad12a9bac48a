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
        var sending = new Sending(new RowFate[batch.Operations.Count], new Stack<Part>(), []);
        sending.Parts.Push(new Part([.. Enumerable.Range(0, sending.Fates.Length)], default));
        while (sending.Parts.TryPop(out var part))
        {
            var asked = time.GetTimestamp();
            if (!await run.MayCallAsync(cancellationToken))
            {
                return sending.Fates;
            }

            meter.Waited(time.GetElapsedTime(asked));
            var outcome = await SendOnceAsync(batch, part, cancellationToken);
            var rest = SettleRejected(part, outcome, sending.Fates);
            var decision = DeliveryPolicy.Decide(outcome, part.Rows.Count, part.Attempts, time.GetUtcNow(), meter.NextJitter());
            if (!await FollowAsync(decision, part with { Rows = rest, Attempts = part.Attempts.After(outcome.Answer) }, sending, cancellationToken))
            {
                return sending.Fates;
            }
        }

        Judge(sending);
        return sending.Fates;
    }

    // A destination that takes nothing of a whole batch has something against the request. A lone row has no others to be
    // told by but those of the run.
    private void Judge(Sending sending)
    {
        if (sending.Suspects.Count == 0)
        {
            return;
        }

        if (!sending.Fates.Any(fate => fate.IsSettled) && !(sending.Fates.Length == 1 && run.Progress.HasTaken))
        {
            run.Halt.Request(RunEnd.Failed(Reasons.Misdirected));
            return;
        }

        foreach (var (row, reason) in sending.Suspects)
        {
            sending.Fates[row] = new RowFate(true, reason);
        }
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

        return outcome.Rejections.Count > 1 ? outcome with { Rejections = [.. outcome.Rejections.DistinctBy(rejection => rejection.Row)] } : outcome;
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
    private async Task<bool> FollowAsync(DeliveryDecision decision, Part rest, Sending sending, CancellationToken cancellationToken)
    {
        switch (decision.Step)
        {
            case NextStep.Done:
                Deliver(rest, sending.Fates);
                return true;
            case NextStep.Suspect:
                sending.Suspects.Add((rest.Rows[0], decision.Reason));
                return true;
            case NextStep.Split:
                var half = (rest.Rows.Count + 1) / 2;
                PushUnlessEmpty(sending.Parts, [.. rest.Rows.Skip(half)]);
                PushUnlessEmpty(sending.Parts, [.. rest.Rows.Take(half)]);
                return true;
            case NextStep.Retry:
                Log.Retrying(logger, run.Run, rest.Rows.Count, decision.Reason, rest.Attempts.Failures, rest.Attempts.Throttles);
                sending.Parts.Push(rest);
                return await WaitAsync(decision, cancellationToken);
            default:
                run.Halt.Request(RunEnd.Failed(decision.Reason));
                return false;
        }
    }

    private async Task<bool> WaitAsync(DeliveryDecision decision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (decision.HoldsAccount)
        {
            run.Throttle.HoldUntil(decision.At);
        }

        var wait = decision.At - time.GetUtcNow();
        if (wait > DeliveryPolicy.LongestWaitInPlace)
        {
            run.Halt.PutDown(decision.At);
            return false;
        }

        return await run.Halt.WaitAsync(token => Task.Delay(Positive(wait), time, token));
    }

    private static void Deliver(Part part, RowFate[] fates)
    {
        foreach (var row in part.Rows)
        {
            fates[row] = new RowFate(true, null);
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

    /// <summary>One batch on its way.</summary>
    /// <param name="Fates">Of all rows.</param>
    /// <param name="Parts">What is still to be sent, in the order in which it is.</param>
    /// <param name="Suspects">Rows that were refused alone and unnamed.</param>
    private sealed record Sending(RowFate[] Fates, Stack<Part> Parts, List<(int Row, string Reason)> Suspects);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run}: {Rows} rows are sent again for {Reason} after {Failures} failures and {Throttles} throttles")]
        public static partial void Retrying(ILogger logger, string run, int rows, string reason, int failures, int throttles);
    }
}
