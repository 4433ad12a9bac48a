using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Resources;

/// <summary>The clock that all other tests lean on.</summary>
[TestFixture]
internal sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();

    [Test]
    public async Task Delay_ends_exactly_when_its_time_has_come()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(10), _time);

        _time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.That(delay.IsCompleted, Is.False);
        _time.Advance(TimeSpan.FromTicks(1));

        await Eventually.EndsAsync(delay, "the delay ends");
    }

    [Test]
    public void Timers_fire_in_order_and_see_the_time_they_were_due()
    {
        var start = _time.GetUtcNow();
        var seen = new List<(string, double)>();
        using var periodic = _time.CreateTimer(_ => seen.Add(("periodic", (_time.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        using var once = _time.CreateTimer(_ => seen.Add(("once", (_time.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.That(seen, Is.EqualTo([("periodic", 2d), ("once", 3d), ("periodic", 4d)]));
        Assert.That(_time.WaitingTimers, Is.EqualTo(1));
    }

    // It once went back to where the slower of two was going.
    [Test]
    public void Of_two_who_move_it_at_a_time_the_one_who_goes_further_wins()
    {
        var start = _time.GetUtcNow();
        using var timer = _time.CreateTimer(_ => _time.Advance(TimeSpan.FromMinutes(10)), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.That(_time.GetUtcNow() - start, Is.EqualTo(TimeSpan.FromSeconds(601)));
    }

    [Test]
    public void Elapsed_time_is_exact_though_timestamps_are_no_ticks()
    {
        var before = _time.GetTimestamp();

        _time.Advance(TimeSpan.FromTicks(12_345_678));

        Assert.That(_time.GetElapsedTime(before), Is.EqualTo(TimeSpan.FromTicks(12_345_678)));
        Assert.That(_time.GetTimestamp() - before, Is.Not.EqualTo(12_345_678));
    }
}
