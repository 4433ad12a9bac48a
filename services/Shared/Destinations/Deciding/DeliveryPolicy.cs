namespace CustomerInsights.Destinations.Deciding;

/// <summary>
/// Decides what follows from an outcome. Pure: time and randomness come from outside. One bad row never blocks the others,
/// no row is dropped without a reason, and waiting for an allowance is not a failure (EXP-37).
/// </summary>
internal static class DeliveryPolicy
{
    /// <summary>The same rows are sent at most so often when the destination fails; then the run fails.</summary>
    public const int MaxFailures = 8;

    /// <summary>An allowance is waited for at most so often in a row; with hourly windows that is more than a day.</summary>
    public const int MaxThrottles = 30;

    public static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>Longer waits are not sat out: the run is put down and taken up again.</summary>
    public static readonly TimeSpan LongestWaitInPlace = TimeSpan.FromMinutes(1);

    /// <summary>No reset hint is followed further than this: allowances are hourly at most.</summary>
    public static readonly TimeSpan LongestHint = TimeSpan.FromMinutes(65);

    /// <summary>Decides about the rows that the outcome does not name.</summary>
    /// <param name="outcome">What became of the request.</param>
    /// <param name="sent">Rows that the request held.</param>
    /// <param name="before">How these rows fared before this request.</param>
    /// <param name="now">The time.</param>
    /// <param name="jitter">From 0 up to 1, at random: keeps senders from coming back together.</param>
    public static DeliveryDecision Decide(BatchOutcome outcome, int sent, Attempts before, DateTimeOffset now, double jitter)
    {
        if (sent == outcome.Rejections.Count || outcome.Answer == Answer.Delivered)
        {
            return DeliveryDecision.Done;
        }

        var attempts = before.After(outcome.Answer);
        return outcome.Answer switch
        {
            Answer.Refused or Answer.TooLarge when sent == 1 => new DeliveryDecision(NextStep.Suspect) { Reason = outcome.Reason },
            Answer.Refused or Answer.TooLarge => DeliveryDecision.Split,
            Answer.Throttled when attempts.Throttles <= MaxThrottles =>
                Retry(outcome, now, BackOff(attempts.Throttles, jitter)) with { HoldsAccount = true },
            Answer.Unavailable or Answer.Unknown when attempts.Failures < MaxFailures =>
                Retry(outcome, now, BackOff(attempts.Failures, jitter)),
            _ => new DeliveryDecision(NextStep.FailRun) { Reason = outcome.Reason },
        };
    }

    /// <summary>Doubles from attempt to attempt; between half and the whole of it.</summary>
    public static TimeSpan BackOff(int attempt, double jitter)
    {
        var doubled = FirstWait * Math.Pow(2, Math.Min(attempt - 1, 20));
        return (doubled < LongestWait ? doubled : LongestWait) * (0.5 + (jitter / 2));
    }

    private static DeliveryDecision Retry(BatchOutcome outcome, DateTimeOffset now, TimeSpan backOff)
    {
        var hint = outcome.RetryAt is { } at && at < now + LongestHint ? at : outcome.RetryAt is null ? now : now + LongestHint;
        return new DeliveryDecision(NextStep.Retry) { At = hint > now + backOff ? hint : now + backOff, Reason = outcome.Reason };
    }
}
