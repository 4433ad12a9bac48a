namespace CustomerInsights.Rpc.Calling;

/// <summary>How long to wait after the n-th failure: growing up to a limit, spread so that many don't come back at once, and never longer than a timer takes.</summary>
internal sealed record Backoff(TimeSpan First, TimeSpan Max, double Factor)
{
    private const double Spread = 0.2;

    /// <param name="failures">1 after the first failure.</param>
    /// <param name="chance">From 0 to 1.</param>
    public TimeSpan After(int failures, double chance) =>
        TimeSpan.FromSeconds(Math.Min(
            Math.Min(First.TotalSeconds * Math.Pow(Factor, failures - 1), Max.TotalSeconds) * (1 + (Spread * ((2 * chance) - 1))),
            GrpcTimeout.MaxTimer.TotalSeconds));
}
