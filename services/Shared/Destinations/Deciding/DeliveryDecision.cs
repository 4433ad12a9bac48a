namespace CustomerInsights.Destinations.Deciding;

/// <summary>What happens next with the rows that an outcome did not settle.</summary>
internal enum NextStep
{
    /// <summary>They are delivered.</summary>
    Done,

    /// <summary>The same rows again at <see cref="DeliveryDecision.At"/>.</summary>
    Retry,

    /// <summary>The same rows again in two requests.</summary>
    Split,

    /// <summary>
    /// The one row was refused and nothing named it: the request as such may be at fault. The row is rejected for
    /// <see cref="DeliveryDecision.Reason"/> if the destination takes or names another one of its batch; else the run ends.
    /// </summary>
    Suspect,

    /// <summary>
    /// The run ends for <see cref="DeliveryDecision.Reason"/>; what is known stays in the ledger. A reason about the
    /// credential marks the connection, too.
    /// </summary>
    FailRun,
}

/// <summary>A decision of <see cref="DeliveryPolicy"/>.</summary>
internal sealed record DeliveryDecision(NextStep Step)
{
    public static readonly DeliveryDecision Done = new(NextStep.Done);

    public static readonly DeliveryDecision Split = new(NextStep.Split);

    /// <summary>When to try again.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Every sender of the account waits until <see cref="At"/>, not only this one.</summary>
    public bool HoldsAccount { get; init; }

    public string Reason { get; init; } = "";
}

/// <summary>How often the same rows were sent before, and to what end.</summary>
/// <param name="Failures">Requests that were not handled, or whose answer was lost.</param>
/// <param name="Throttles">Requests that came too fast.</param>
internal readonly record struct Attempts(int Failures, int Throttles)
{
    public Attempts After(Answer answer) => answer switch
    {
        Answer.Throttled => this with { Throttles = Throttles + 1 },
        Answer.Unavailable or Answer.Unknown => this with { Failures = Failures + 1 },
        _ => this,
    };
}
