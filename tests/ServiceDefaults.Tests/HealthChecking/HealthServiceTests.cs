using CustomerInsights.Rpc.Tests;
using CustomerInsights.ServiceDefaults.HealthChecking;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.ServiceDefaults.Tests.HealthChecking;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class HealthServiceTests : IAsyncDisposable
{
    private readonly ServingStatuses _statuses = new();
    private TestServer _server = null!;
    private Health.HealthClient _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _statuses.Set("", ServingStatus.Serving);
        _server = await TestServer.StartAsync<HealthService>(services: services => services.AddSingleton(_statuses));
        _client = new Health.HealthClient(_server.Channel);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Test]
    public async Task Check_answers_the_status_of_the_server() =>
        Assert.That((await _client.CheckAsync(new HealthCheckRequest())).Status, Is.EqualTo(ServingStatus.Serving));

    [Test]
    public async Task Check_of_an_unknown_service_is_not_found() =>
        Assert.That(await Expect.StatusAsync(async () => await _client.CheckAsync(new HealthCheckRequest { Service = "x" })), Is.EqualTo(StatusCode.NotFound));

    [Test]
    public async Task List_answers_all_statuses()
    {
        _statuses.Set("a.B", ServingStatus.NotServing);

        var response = await _client.ListAsync(new HealthListRequest());

        Assert.That(response.Statuses.ToDictionary(pair => pair.Key, pair => pair.Value.Status), Is.EquivalentTo(new Dictionary<string, ServingStatus>
        {
            [""] = ServingStatus.Serving, ["a.B"] = ServingStatus.NotServing,
        }));
    }

    [Test, CancelAfter(10_000)]
    public async Task Watch_sends_the_status_at_once_and_on_every_change(CancellationToken cancellationToken)
    {
        using var call = _client.Watch(new HealthCheckRequest { Service = "a.B" }, cancellationToken: cancellationToken);

        Assert.That(await NextAsync(), Is.EqualTo(ServingStatus.ServiceUnknown));
        _statuses.Set("a.B", ServingStatus.Serving);
        Assert.That(await NextAsync(), Is.EqualTo(ServingStatus.Serving));
        _statuses.SetAll(ServingStatus.NotServing);
        Assert.That(await NextAsync(), Is.EqualTo(ServingStatus.NotServing));

        async Task<ServingStatus> NextAsync()
        {
            Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
            return call.ResponseStream.Current.Status;
        }
    }

    [Test, CancelAfter(10_000)]
    public async Task Watch_does_not_hold_up_the_stop(CancellationToken cancellationToken)
    {
        using var call = _client.Watch(new HealthCheckRequest(), cancellationToken: cancellationToken);
        await call.ResponseStream.MoveNext(cancellationToken);

        var stop = _server.StopAsync(cancellationToken);

        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Unavailable));
        await stop;
    }
}
