using CustomerInsights.ServiceDefaults.Metering;

namespace CustomerInsights.ServiceDefaults.Tests.Metering;

[TestFixture]
internal sealed class ServiceMetricsTests
{
    [Test]
    public void Every_declared_name_is_emitted_and_no_other()
    {
        using var meters = new TestMeters();
        var metrics = meters.Metrics;
        metrics.Published("t");
        metrics.Parked("t");
        metrics.Handled("t", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        metrics.Duplicate("t");
        metrics.DeadLetter("t", "r");
        metrics.HandlingFailed("t");
        metrics.JobClaimed("k");
        metrics.JobDone("k");
        metrics.JobRetried("k");
        metrics.JobLeaseLost("k");
        metrics.JobEnded("k", TimeSpan.FromSeconds(1));
        _ = meters.ValueOf(MetricNames.OutboxDepth);

        var declared = typeof(MetricNames).GetFields().Where(field => field.Name != nameof(MetricNames.Meter)).Select(field => (string)field.GetRawConstantValue()!);
        Assert.That(meters.Names, Is.EquivalentTo(declared));
    }

    // "time" of an event is what its sender says.
    [TestCase(-5, 0)]
    [TestCase(3, 3)]
    [TestCase(1e9, 86_400)]
    public void The_lag_of_an_event_is_believed_within_limits(double told, double recorded)
    {
        using var meters = new TestMeters();
        meters.Metrics.Handled("t", TimeSpan.Zero, TimeSpan.FromSeconds(told));
        Assert.That(meters.SumOf(MetricNames.InboxLag), Is.EqualTo(recorded));
    }

    [Test]
    public void An_event_without_a_time_has_no_lag()
    {
        using var meters = new TestMeters();
        meters.Metrics.Handled("t", TimeSpan.FromSeconds(1), null);
        Assert.That((meters.Names.Contains(MetricNames.InboxLag), meters.SumOf(MetricNames.InboxDuration)), Is.EqualTo((false, 1)));
    }
}
