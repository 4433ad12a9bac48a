using CustomerInsights.Destinations.Deciding;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Throttling;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AccountThrottleTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    private readonly ManualTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task As_many_requests_as_allowed_go_at_once()
    {
        var throttle = Throttle(3);
        for (var i = 0; i < 3; i++)
        {
            await throttle.AcquireAsync(Patience, Token);
        }

        Assert.That(throttle.AcquireAsync(Patience, Token).IsCompleted, Is.False);
    }

    [Test]
    public async Task No_window_of_that_length_ever_sees_more_requests_than_allowed()
    {
        var throttle = Throttle(10);
        var granted = new List<DateTimeOffset>();
        for (var i = 0; i < 100; i++)
        {
            var acquired = throttle.AcquireAsync(Patience, Token);
            while (!acquired.IsCompleted)
            {
                // Only while it sleeps: what it does when it wakes up takes no time on this clock.
                if (_clock.WaitingTimers > 0)
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(1));
                }

                await Task.Yield();
            }

            await acquired;
            granted.Add(_clock.GetUtcNow());
        }

        var most = granted.Max(from => granted.Count(at => at >= from && at < from + Window));
        Assert.That(most, Is.EqualTo(10));
        Assert.That(granted[^1] - granted[0], Is.LessThan(TimeSpan.FromSeconds(28.5)), "no slower than needed");
    }

    [Test]
    public async Task A_hold_that_lasts_longer_than_the_patience_is_told_instead_of_waited_for()
    {
        var throttle = Throttle(100);
        var until = _clock.GetUtcNow().AddSeconds(61);
        throttle.HoldUntil(until);
        Assert.That(await throttle.AcquireAsync(TimeSpan.FromSeconds(60), Token), Is.EqualTo(until));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(throttle.AcquireAsync(TimeSpan.FromSeconds(60), Token).IsCompleted, Is.False);
    }

    [Test]
    public async Task Holding_the_account_stops_everybody_until_then()
    {
        var throttle = Throttle(100);
        throttle.HoldUntil(_clock.GetUtcNow().AddSeconds(20));
        var waiting = Enumerable.Range(0, 5).Select(_ => throttle.AcquireAsync(Patience, Token)).ToList();
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.That(waiting.Any(task => task.IsCompleted), Is.False);
        Assert.That(throttle.HeldUntil, Is.Not.Null);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.EndsAsync(Task.WhenAll(waiting), "all senders go on", cancellationToken: Token);
        Assert.That(throttle.HeldUntil, Is.Null);
    }

    [Test]
    public void A_shorter_hold_does_not_shorten_a_longer_one()
    {
        var throttle = Throttle(1);
        var later = _clock.GetUtcNow().AddSeconds(20);
        throttle.HoldUntil(later);
        throttle.HoldUntil(later.AddSeconds(-15));
        Assert.That(throttle.HeldUntil, Is.EqualTo(later));
    }

    [TestCase(0, true)]
    [TestCase(-1, true)]
    [TestCase(1, false)]
    public void An_allowance_that_is_used_up_holds_the_account_before_anybody_is_refused(int remaining, bool holds)
    {
        var throttle = Throttle(100);
        throttle.Observe(new RateHint(remaining, _clock.GetUtcNow().AddSeconds(2)));
        Assert.That(throttle.HeldUntil is not null, Is.EqualTo(holds));
    }

    [Test]
    public void An_absurd_reset_is_cut_off()
    {
        var throttle = Throttle(100);
        throttle.Observe(new RateHint(0, _clock.GetUtcNow().AddYears(1)));
        Assert.That(throttle.HeldUntil, Is.EqualTo(_clock.GetUtcNow() + DeliveryPolicy.LongestHint));
    }

    [Test]
    public void Runs_of_one_account_share_a_throttle_and_others_do_not()
    {
        var throttles = new AccountThrottles(_clock);
        var limit = new RateLimit(10, Window);
        Assert.That(throttles.Of("a", limit), Is.SameAs(throttles.Of("a", new RateLimit(10, Window))));
        Assert.That(throttles.Of("a", limit), Is.Not.SameAs(throttles.Of("b", limit)));
    }

    [Test]
    public void Waiting_ends_when_the_caller_gives_up()
    {
        var throttle = Throttle(1);
        throttle.HoldUntil(_clock.GetUtcNow().AddHours(1));
        using var source = new CancellationTokenSource();
        var waiting = throttle.AcquireAsync(Patience, source.Token);
        source.Cancel();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
    }

    private AccountThrottle Throttle(int requests) => new(new RateLimit(requests, Window), _clock);
}
