using System.Net;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

[Parallelizable(ParallelScope.All)]
public sealed class HealthTests
{
    private const string Profiles = "customerinsights.segments.v1.ProfileService";
    private const string Memberships = "customerinsights.segments.v1.MembershipService";

    [Test]
    public async Task Ready_process_says_so_on_both_ports_without_a_token()
    {
        await using var harness = await ServiceHarness.StartAsync([new ProbeApp(), new OtherApp()]);
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        using var channel = GrpcChannel.ForAddress(harness.GrpcAddress);
        var health = new Health.HealthClient(channel);

        Assert.That(await http.GetStringAsync("/healthz/live"), Is.EqualTo("live\n"));
        Assert.That(await http.GetStringAsync("/healthz/ready"), Is.EqualTo("ready\n"));
        Assert.That((await health.CheckAsync(new HealthCheckRequest())).Status, Is.EqualTo(ServingStatus.Serving));
        Assert.That((await health.CheckAsync(new HealthCheckRequest { Service = Profiles })).Status, Is.EqualTo(ServingStatus.Serving));
        Assert.That(
            Assert.ThrowsAsync<RpcException>(async () => await health.CheckAsync(new HealthCheckRequest { Service = "nobody" }))!.StatusCode,
            Is.EqualTo(StatusCode.NotFound));
    }

    [Test]
    public async Task Failing_check_of_one_service_shows_at_that_service_and_at_the_whole()
    {
        var broken = new Switch();
        await using var harness = await ServiceHarness.StartAsync(
            [new ProbeApp("segments", builder => builder.Services.AddHealthChecks().AddCheck("switch", broken)), new OtherApp()]);
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        using var channel = GrpcChannel.ForAddress(harness.GrpcAddress);
        var health = new Health.HealthClient(channel);

        broken.IsBroken = true;

        using var ready = await http.GetAsync("/healthz/ready");
        Assert.That(ready.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await ready.Content.ReadAsStringAsync(), Is.EqualTo("not ready: segments/switch\n"));
        await Eventually.TrueAsync(async () => (await health.CheckAsync(new HealthCheckRequest())).Status == ServingStatus.NotServing, "the whole is not serving");
        Assert.That((await health.CheckAsync(new HealthCheckRequest { Service = Profiles })).Status, Is.EqualTo(ServingStatus.NotServing));
        Assert.That((await health.CheckAsync(new HealthCheckRequest { Service = Memberships })).Status, Is.EqualTo(ServingStatus.Serving));
    }

    [Test]
    public async Task Outage_and_its_end_are_logged_once_each()
    {
        var time = new ManualTimeProvider();
        var broken = new Switch();
        await using var harness = await ServiceHarness.StartAsync(
            [new ProbeApp("segments", builder => builder.Services.AddHealthChecks().AddCheck("switch", broken))], new HarnessOptions { Time = time });

        broken.IsBroken = true;
        await PollAsync(3);
        broken.IsBroken = false;
        await PollAsync(3);

        Assert.That(
            harness.Logs.Records.Where(record => record.Category.Contains("Health", StringComparison.Ordinal)).Select(record => record.Text),
            Is.EqualTo(["Not ready: segments/switch", "Ready again"]));

        // The last but one poll is over when the last has begun.
        Task PollAsync(int times)
        {
            var asked = broken.Asked;
            return Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(2));
                    return broken.Asked >= asked + times;
                },
                "health is looked at again and again");
        }
    }

    [Test]
    public async Task Stopping_process_says_not_serving_before_it_ends_its_calls()
    {
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp());
        using var channel = GrpcChannel.ForAddress(harness.GrpcAddress);
        using var watch = new Health.HealthClient(channel).Watch(new HealthCheckRequest());
        await watch.ResponseStream.MoveNext(CancellationToken.None);
        Assert.That(watch.ResponseStream.Current.Status, Is.EqualTo(ServingStatus.Serving));

        var stop = harness.StopAsync();

        await watch.ResponseStream.MoveNext(CancellationToken.None);
        Assert.That(watch.ResponseStream.Current.Status, Is.EqualTo(ServingStatus.NotServing));
        await Eventually.EndsAsync(stop, "an open watch does not hold the stop back", TimeSpan.FromSeconds(5));
    }

    [Test]
    public async Task Reflection_lists_the_services_of_all()
    {
        await using var harness = await ServiceHarness.StartAsync([new ProbeApp(), new OtherApp()]);
        using var channel = GrpcChannel.ForAddress(harness.GrpcAddress);
        using var call = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        await call.ResponseStream.MoveNext(CancellationToken.None);
        var listed = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        await call.RequestStream.CompleteAsync();
        Assert.That(listed, Is.SupersetOf(new[] { Profiles, Memberships, "grpc.health.v1.Health" }));
    }

    private sealed class Switch : IHealthCheck
    {
        private int _asked;

        public bool IsBroken { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _asked);
            return Task.FromResult(IsBroken ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy());
        }
    }
}
