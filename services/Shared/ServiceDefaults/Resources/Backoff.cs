namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>How long to wait after the n-th failure: doubling up to a limit, spread so that many do not come back at once.</summary>
/// <param name="First">After the first failure.</param>
/// <param name="Max">At most.</param>
public sealed record Backoff(TimeSpan First, TimeSpan Max)
{
    private const double Spread = 0.2;

    /// <summary>The time to wait, up to a fifth more or less than the doubled one.</summary>
    /// <param name="failures">1 after the first failure.</param>
    /// <param name="random">The source of chance.</param>
    public TimeSpan After(long failures, Random random)
    {
        var doubled = Math.Min(First.TotalSeconds * Math.Pow(2, Math.Min(failures, 40) - 1), Max.TotalSeconds);
        return TimeSpan.FromSeconds(doubled * (1 + (Spread * ((2 * random.NextDouble()) - 1))));
    }
}
