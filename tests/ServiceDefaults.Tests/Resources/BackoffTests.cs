using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.ServiceDefaults.Tests.Resources;

[TestFixture]
internal sealed class BackoffTests
{
    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(5, 16)]
    [TestCase(7, 60)]
    [TestCase(1_000_000, 60)]
    public void After_doubles_up_to_the_limit_give_or_take_a_fifth(int failures, double seconds)
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        var random = new Random(7);

        var waits = Enumerable.Range(0, 100).Select(_ => backoff.After(failures, random).TotalSeconds).ToList();

        Assert.That(waits, Has.All.InRange(seconds * 0.8, seconds * 1.2));
        Assert.That(waits.Max() - waits.Min(), Is.GreaterThan(seconds * 0.2));
    }
}
