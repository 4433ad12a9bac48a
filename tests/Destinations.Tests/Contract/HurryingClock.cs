using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A clock on which a minute passes in a second or so, for waits that a test cannot sit out.</summary>
public sealed class HurryingClock : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _hurrying;

    public HurryingClock() => _hurrying = HurryAsync();

    public ManualTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _hurrying;
        _stop.Dispose();
    }

    private async Task HurryAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            Time.Advance(Step);
            await Task.Delay(Beat, CancellationToken.None);
        }
    }
}
