namespace CustomerInsights.Workers.MicrosoftAdvertising.Staging;

/// <summary>The system's clock and timers, months ahead when a test says so: for what happens when time has passed between two runs.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + new TimeSpan(Interlocked.Read(ref _ahead));

    /// <summary>Moves the clock, and fires nothing: whoever waits for real time goes on waiting.</summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
}
