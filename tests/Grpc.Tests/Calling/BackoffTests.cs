using CustomerInsights.Rpc.Calling;

namespace CustomerInsights.Rpc.Tests.Calling;

internal sealed class BackoffTests
{
    [TestCase(1)]
    [TestCase(9)]
    public void No_wait_is_longer_than_a_timer_takes(int failures)
    {
        var wait = new Backoff(TimeSpan.MaxValue, TimeSpan.MaxValue, double.MaxValue).After(failures, 1);

        Assert.That(() => TimeProvider.System.CreateTimer(_ => { }, null, wait, Timeout.InfiniteTimeSpan).Dispose(), Throws.Nothing);
    }

    [TestCase(1, 0.5, 100)]
    [TestCase(2, 0.5, 200)]
    [TestCase(3, 0.5, 400)]
    [TestCase(4, 0.5, 500)]
    [TestCase(2000, 0.5, 500)]
    [TestCase(1, 0, 80)]
    [TestCase(1, 1, 120)]
    public void Waits_grow_to_a_limit_and_are_spread(int failures, double chance, double milliseconds) => Assert.That(
        new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), 2).After(failures, chance).TotalMilliseconds, Is.EqualTo(milliseconds).Within(0.001));
}
