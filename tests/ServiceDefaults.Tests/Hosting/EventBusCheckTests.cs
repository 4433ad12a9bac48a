using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Tests.Events;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

internal sealed class EventBusCheckTests
{
    private readonly ScriptedTransport _transport = new();
    private readonly EventBus _bus = new();

    [TearDown]
    public async Task DisposeAsync() => await _bus.DisposeAsync();

    [Test]
    public async Task Broker_out_of_reach_is_a_failure()
    {
        await _bus.StartAsync(_transport, CancellationToken.None);
        Assert.That(await CheckAsync(), Is.EqualTo(HealthStatus.Healthy));

        _transport.IsReady = false;

        Assert.That(await CheckAsync(), Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task Bus_that_was_told_to_stop_is_none()
    {
        await _bus.StartAsync(_transport, CancellationToken.None);
        await _bus.StopAsync(CancellationToken.None);
        _transport.IsReady = false;

        Assert.That(await CheckAsync(), Is.EqualTo(HealthStatus.Healthy));
    }

    private async Task<HealthStatus> CheckAsync() => (await new EventBusCheck(_bus).CheckHealthAsync(new HealthCheckContext())).Status;
}
