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
        metrics.Handled("t");
        metrics.Duplicate("t");
        metrics.DeadLetter("t", "r");
        metrics.HandlingFailed("t");
        metrics.JobClaimed("k");
        metrics.JobDone("k");
        metrics.JobRetried("k");
        metrics.JobLeaseLost("k");
        _ = meters.ValueOf(MetricNames.OutboxDepth);

        var declared = typeof(MetricNames).GetFields().Where(field => field.Name != nameof(MetricNames.Meter)).Select(field => (string)field.GetRawConstantValue()!);
        Assert.That(meters.Names, Is.EquivalentTo(declared));
    }
}
