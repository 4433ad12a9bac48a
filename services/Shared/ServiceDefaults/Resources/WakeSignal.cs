using System.Threading.Channels;

namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>Wakes one loop that sleeps between polls. Set while nobody waits, the next wait returns at once.</summary>
internal sealed class WakeSignal
{
    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _set.Writer.TryWrite(true);

    /// <summary>Waits until somebody sets it or the time is over, whichever is first.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_set.Reader.WaitToReadAsync(woken.Token).AsTask(), Task.Delay(atMost, time, woken.Token));
        await woken.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _set.Reader.TryRead(out _);
    }
}
