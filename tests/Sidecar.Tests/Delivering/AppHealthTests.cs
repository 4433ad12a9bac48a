using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests.Delivering;

/// <summary>The order in which things come up and go down.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AppHealthTests : SidecarFixture
{
    private static readonly AppHealthCheck Quick = new() { Interval = TimeSpan.FromMilliseconds(20), Threshold = 3 };

    [Test, CancelAfter(20_000)]
    public async Task Outbound_is_ready_before_the_app_and_all_of_it_after(CancellationToken cancellationToken)
    {
        var sidecar = await StartSidecarAsync(Options("shop", App), cancellationToken, waits: false);
        using var courier = new Courier(sidecar);

        var outbound = await courier.GetAsync("/v1.0/healthz/outbound", cancellationToken);
        var before = await courier.GetAsync("/v1.0/healthz", cancellationToken);
        await App.ListenAsync();
        await Eventually.TrueAsync(async () => (await courier.GetAsync("/v1.0/healthz", cancellationToken)).Status == 204, "the sidecar has found the app", cancellationToken: cancellationToken);

        Assert.That((outbound.Status, before.Status, before.ErrorCode), Is.EqualTo((204, 500, "ERR_HEALTH_NOT_READY")));
    }

    [Test, CancelAfter(20_000)]
    public async Task An_app_counts_as_ill_until_it_has_said_otherwise(CancellationToken cancellationToken)
    {
        App.IsWell = false;
        await App.ListenAsync();
        var sidecar = (SidecarStandIn)await StartSidecarAsync(Options("shop", App) with { AppHealth = Quick }, cancellationToken, waits: false);
        await Eventually.TrueAsync(() => App.HealthQuestions > 1, "the app is asked again", cancellationToken: cancellationToken);
        var subscribed = sidecar.Subscriptions.Count;
        App.IsWell = true;
        await Eventually.TrueAsync(() => sidecar.Subscriptions.Count == 1, "one good answer is enough", cancellationToken: cancellationToken);

        Assert.That((subscribed, App.Listings), Is.EqualTo((0, 1)));
    }

    [Test, CancelAfter(20_000)]
    public async Task While_the_app_is_ill_events_wait_and_afterwards_they_come(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken, options => options with { AppHealth = Quick });
        App.IsWell = false;
        await Eventually.TrueAsync(() => StandIn.Subscriptions.Count == 0, "the sidecar unsubscribes", cancellationToken: cancellationToken);
        await PublishAsync("1", cancellationToken);
        var waiting = Network.Waiting("pubsub", "shop-orders");
        App.IsWell = true;
        await App.HearAsync(1, cancellationToken);

        Assert.That((waiting, App.Listings), Is.EqualTo((1, 1)), "The app is asked for subscriptions once in its life.");
    }

    [Test, CancelAfter(20_000)]
    public async Task On_stop_a_delivery_under_way_is_waited_for(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        App.Answer = async (_, _) =>
        {
            await goOn.Task;
            return TopicEventResponseStatus.Success;
        };
        await StartAsync(cancellationToken);
        await PublishAsync("1", cancellationToken);
        await App.HearAsync(1, cancellationToken);

        var stop = Sidecar.StopAsync(cancellationToken);
        Assert.That(stop.IsCompleted, Is.False);
        goOn.SetResult();
        await stop;

        Assert.That(Network.Waiting("pubsub", "shop-orders"), Is.Zero);
    }

    [Test, CancelAfter(20_000)]
    public async Task What_fails_while_stopping_is_neither_rejected_nor_buried_but_comes_again(CancellationToken cancellationToken)
    {
        var goOn = new TaskCompletionSource();
        App.Answer = async (_, _) =>
        {
            await goOn.Task;
            throw new RpcException(new Status(StatusCode.Unavailable, "I am going, too"));
        };
        await StartAsync(cancellationToken, options => options with { Inbound = Retries(5) });
        await PublishAsync("1", cancellationToken);
        await App.HearAsync(1, cancellationToken);
        var stop = Sidecar.StopAsync(cancellationToken);
        goOn.SetResult();
        await stop;
        var waiting = Network.Waiting("pubsub", "shop-orders");
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Success);
        await StartSidecarAsync(Options("shop", App), cancellationToken);
        await App.HearAsync(2, cancellationToken);

        Assert.That((waiting, Undertaker.Events.Count), Is.EqualTo((1, 0)));
    }

    [Test, CancelAfter(20_000)]
    public async Task A_killed_sidecar_waits_for_nothing_and_may_come_back_on_its_ports(CancellationToken cancellationToken)
    {
        App.Answer = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return TopicEventResponseStatus.Success;
        };
        await StartAsync(cancellationToken);
        await PublishAsync("1", cancellationToken);
        await App.HearAsync(1, cancellationToken);

        await Sidecar.KillAsync(cancellationToken);
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Success);
        var again = await StartSidecarAsync(
            Options("shop", App) with { HttpPort = Sidecar.HttpAddress.Port, GrpcPort = Sidecar.GrpcAddress.Port }, cancellationToken);
        await App.HearAsync(2, cancellationToken);

        Assert.That((again.HttpAddress, again.GrpcAddress), Is.EqualTo((Sidecar.HttpAddress, Sidecar.GrpcAddress)));
    }
}
