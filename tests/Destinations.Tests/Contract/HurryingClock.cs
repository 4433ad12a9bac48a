using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A clock on which a minute passes in a second or so, for waits that a test cannot sit out.</summary>
public sealed class HurryingClock : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _hurrying;
    private volatile bool _isPatient;

    /// <param name="isPatient">Whether the clock runs like any other until it is told to hurry.</param>
    public HurryingClock(bool isPatient = false)
    {
        _isPatient = isPatient;
        _hurrying = HurryAsync();
    }

    public ManualTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public void Hurry() => _isPatient = false;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _hurrying;
        _stop.Dispose();
    }

    private async Task HurryAsync()
    {
        await Task.Yield();
        for (var last = TimeProvider.System.GetTimestamp(); !_stop.IsCancellationRequested;)
        {
            var now = TimeProvider.System.GetTimestamp();
            Time.Advance(_isPatient ? TimeProvider.System.GetElapsedTime(last, now) : Step);
            last = now;
            await Task.Delay(Beat, CancellationToken.None);
        }
    }
}
