using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Resources;

[TestFixture]
internal sealed class WakeSignalTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _time = new();

    [Test]
    public async Task Set_before_the_wait_is_not_lost_and_counts_once()
    {
        var signal = new WakeSignal();
        signal.Set();
        signal.Set();

        await Eventually.EndsAsync(signal.WaitAsync(Hour, _time, CancellationToken.None), "the first wait ends at once");
        var second = signal.WaitAsync(Hour, _time, CancellationToken.None);

        Assert.That(second.IsCompleted, Is.False);
        signal.Set();
        await Eventually.EndsAsync(second, "the second wait ends");
    }

    [Test]
    public async Task Wait_ends_when_its_time_is_over()
    {
        var wait = new WakeSignal().WaitAsync(Hour, _time, CancellationToken.None);

        _time.Advance(Hour);

        await Eventually.EndsAsync(wait, "the wait ends");
    }

    [Test]
    public async Task Wait_ends_with_its_token()
    {
        using var stopping = new CancellationTokenSource();
        var wait = new WakeSignal().WaitAsync(Hour, _time, stopping.Token);

        await stopping.CancelAsync();

        await Assert.ThatAsync(() => wait, Throws.InstanceOf<OperationCanceledException>());
    }
}
