namespace CustomerInsights.Destinations.Deciding;

/// <summary>The one source of randomness: keeps those who wait from coming back together. Safe for concurrent use.</summary>
internal sealed class Chance(Random random)
{
    private readonly Lock _gate = new();

    /// <summary>From 0 up to 1.</summary>
    public double Next()
    {
        lock (_gate)
        {
            return random.NextDouble();
        }
    }
}
