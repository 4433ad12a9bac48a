using System.Globalization;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

public sealed class RateLimitTests : SandboxFixture
{
    [Test]
    public async Task Epoch_dialect_tells_the_end_of_the_window_on_every_answer()
    {
        await LimitAsync(LimitDialect.Epoch, new RateWindow(2, 60));
        var end = (Clock.GetUtcNow().ToUnixTimeSeconds() + 60).ToString(CultureInfo.InvariantCulture);
        var first = await TrackAsync("{'attributes':[{'external_id':'c-1'}]}");
        await TrackAsync("{}");
        var third = await TrackAsync("{'attributes':[{'external_id':'c-2'}]}");
        Assert.Multiple(() =>
        {
            Assert.That(Standing(first), Is.EqualTo($"201 2 1 {end}"));
            Assert.That(Standing(third), Is.EqualTo($"429 2 0 {end}"));
            Assert.That(third.Message, Is.EqualTo("Rate Limited"));
            Assert.That(third.Headers, Does.Not.ContainKey("X-Ratelimit-Retry-After"));
        });
    }

    [Test]
    public async Task Seconds_dialect_tells_seconds_left_and_on_a_429_only_when_to_retry()
    {
        await LimitAsync(LimitDialect.SecondsLeft, new RateWindow(1, 60));
        Clock.Advance(TimeSpan.FromSeconds(20.5));
        var first = await TrackAsync("{'attributes':[{'external_id':'c-1'}]}");
        var second = await TrackAsync("{'attributes':[{'external_id':'c-1'}]}");
        Assert.Multiple(() =>
        {
            Assert.That(Standing(first), Is.EqualTo("201 1 0 40"));
            Assert.That(Standing(second), Is.EqualTo("429   "));
            Assert.That(second.Headers["X-Ratelimit-Retry-After"], Is.EqualTo("40"));
        });
    }

    [Test]
    public async Task Window_is_aligned_to_the_clock_and_opens_again()
    {
        await LimitAsync(LimitDialect.Epoch, new RateWindow(1, 3600));
        Clock.Advance(TimeSpan.FromMinutes(59));
        await TrackAsync("{}");
        Assert.That((await TrackAsync("{}")).Status, Is.EqualTo(429));
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await TrackAsync("{}")).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Of_two_windows_the_exhausted_one_decides()
    {
        await LimitAsync(LimitDialect.SecondsLeft, new RateWindow(3, 3600), new RateWindow(2, 3));
        await TrackAsync("{}");
        await TrackAsync("{}");
        Assert.That((await TrackAsync("{}")).Headers["X-Ratelimit-Retry-After"], Is.EqualTo("3"));
        Clock.Advance(TimeSpan.FromSeconds(3));
        await TrackAsync("{}");
        Assert.That((await TrackAsync("{}")).Headers["X-Ratelimit-Retry-After"], Is.EqualTo("3597"));
    }

    [Test]
    public async Task Refused_request_changes_nothing_and_the_budgets_of_routes_are_separate()
    {
        await LimitAsync(LimitDialect.Epoch, new RateWindow(1, 60));
        await TrackAsync("{}");
        await TrackAsync("{'attributes':[{'external_id':'c-1'}]}");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await AttributesOfAsync("c-1"), Is.Null);
            Assert.That((await SendAsync(HttpMethod.Get, "segments/list")).Status, Is.EqualTo(200));
        });
    }

    private Task LimitAsync(LimitDialect dialect, params RateWindow[] windows) => Control.SetAsync(
        new BrazeSettings { LimitDialect = dialect, Limits = new Dictionary<LimitGroup, IReadOnlyList<RateWindow>> { [LimitGroup.Track] = windows } }, Token);

    private static string Standing(Answer answer) => string.Join(' ', new[] { "Limit", "Remaining", "Reset" }
        .Select(h => answer.Headers.GetValueOrDefault($"X-RateLimit-{h}", "")).Prepend(answer.Status.ToString(CultureInfo.InvariantCulture)));
}
