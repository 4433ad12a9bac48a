using CustomerInsights.Destinations.Contract;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Counting;

/// <summary>What runs measure of their requests, whichever way the members go.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(120_000)]
internal sealed class RequestMetricsTests
{
    // Steps of a file were once no waits: a run could stand still for its allowance, and the dashboard showed none.
    [TestCase(ScriptedWay.Payloads)]
    [TestCase(ScriptedWay.Files)]
    public async Task Every_request_has_waited_for_the_allowance_of_its_account(ScriptedWay way)
    {
        var token = TestContext.CurrentContext.CancellationToken;
        await using var stage = await WorkerStage.StartAsync(new ScriptedVendor(way), Engine.Sqlite, token);
        using var measurements = new Measurements(stage.Worker.Services);
        stage.Put(Customer.Many(20));

        await stage.RunAsync(token);

        var requests = measurements.Of(DeliveryMetricNames.Requests);
        Assert.That(requests, Is.Not.Empty);
        Assert.That(measurements.Of(DeliveryMetricNames.LimitWait), Has.Count.EqualTo(requests.Count));
    }
}
