using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.Braze;

[Parallelizable(ParallelScope.All)]
public sealed class BrazeRateHeadersTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_reset_as_epoch_is_a_point_in_time()
    {
        var (retryAt, hint) = Read(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", $"{Now.AddSeconds(90).ToUnixTimeSeconds()}"));
        Assert.That(retryAt, Is.EqualTo(Now.AddSeconds(90)));
        Assert.That(hint, Is.EqualTo(new RateHint(0, Now.AddSeconds(90))));
    }

    [Test]
    public void A_small_reset_is_seconds_that_are_left() =>
        Assert.That(Read(("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2")).RetryAt, Is.EqualTo(Now.AddSeconds(2)));

    [Test]
    public void A_clock_that_differs_from_ours_does_not_matter()
    {
        var theirs = Now.AddMinutes(-20);
        var (retryAt, _) = Read(("Date", theirs.ToString("R")), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", $"{theirs.AddSeconds(30).ToUnixTimeSeconds()}"));
        Assert.That(retryAt, Is.EqualTo(Now.AddSeconds(30)));
    }

    [Test]
    public void On_the_newest_plans_a_429_tells_the_seconds_to_wait() =>
        Assert.That(Read(("X-Ratelimit-Retry-After", "17")), Is.EqualTo(((DateTimeOffset?)Now.AddSeconds(17), (RateHint?)null)));

    [Test]
    public void A_plain_RetryAfter_is_honoured_in_both_forms()
    {
        Assert.That(Read(("Retry-After", "5")).RetryAt, Is.EqualTo(Now.AddSeconds(5)));
        Assert.That(Read(("Retry-After", Now.AddSeconds(40).ToString("R"))).RetryAt, Is.EqualTo(Now.AddSeconds(40)));
    }

    [Test]
    public void The_wait_that_is_named_goes_before_the_reset() =>
        Assert.That(Read(("X-Ratelimit-Retry-After", "3"), ("Retry-After", "9"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "60")).RetryAt, Is.EqualTo(Now.AddSeconds(3)));

    [Test]
    public void While_requests_remain_the_reset_is_no_reason_to_wait()
    {
        var (retryAt, hint) = Read(("X-RateLimit-Remaining", "2999"), ("X-RateLimit-Reset", "3"));
        Assert.That((retryAt, hint), Is.EqualTo(((DateTimeOffset?)null, new RateHint(2999, Now.AddSeconds(3)))));
    }

    [TestCase("X-RateLimit-Reset", "soon")]
    [TestCase("X-RateLimit-Reset", "-5")]
    [TestCase("X-RateLimit-Reset", "999999999999999999999")]
    [TestCase("X-RateLimit-Reset", "9999999999")]
    [TestCase("X-Ratelimit-Retry-After", "99999999")]
    [TestCase("Retry-After", "yesterday")]
    public void Nonsense_is_ignored(string name, string value) => Assert.That(Read((name, value)), Is.EqualTo(((DateTimeOffset?)null, (RateHint?)null)));

    [Test]
    public void A_reset_that_is_over_means_now() =>
        Assert.That(Read(("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", $"{Now.AddSeconds(-5).ToUnixTimeSeconds()}")).RetryAt, Is.EqualTo(Now));

    private static (DateTimeOffset? RetryAt, RateHint? Hint) Read(params (string Name, string Value)[] headers)
    {
        var parsed = new HttpResponseMessage().Headers;
        foreach (var (name, value) in headers)
        {
            parsed.TryAddWithoutValidation(name, value);
        }

        return BrazeRateHeaders.Read(parsed, Now);
    }
}
