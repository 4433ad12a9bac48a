using CustomerInsights.TestKit;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests.Delivering;

/// <summary>The faults that can be switched on.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BrokerFaultTests : SidecarFixture
{
    [Test, CancelAfter(20_000)]
    public async Task Swallowed_publishes_are_answered_with_204_and_gone(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        Component.Faults.SwallowsPublishes = true;
        await PublishAsync("lost", cancellationToken);
        Component.Faults.SwallowsPublishes = false;
        await PublishAsync("kept", cancellationToken);

        Assert.That(Ids(await App.HearAsync(1, cancellationToken)), Is.EqualTo((string[])["kept"]));
    }

    [Test, CancelAfter(20_000)]
    public async Task Everything_twice(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        Component.Faults.DeliversTwice = true;
        await PublishAsync("1", cancellationToken);

        Assert.That(Ids(await App.HearAsync(2, cancellationToken)), Is.EqualTo((string[])["1", "1"]));
    }

    [Test, CancelAfter(20_000)]
    public async Task What_was_under_way_when_the_broker_went_comes_again_when_it_is_back(CancellationToken cancellationToken)
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
        Component.Faults.IsAway = true;
        goOn.SetResult();
        await Eventually.TrueAsync(() => Network.Waiting("pubsub", "shop-orders") == 1, "the event is back in its queue", cancellationToken: cancellationToken);
        Component.Faults.IsAway = false;

        Assert.That(Ids(await App.HearAsync(2, cancellationToken)), Is.EqualTo((string[])["1", "1"]));
    }

    [Test, CancelAfter(20_000)]
    public async Task Replicas_share_a_queue_and_apps_do_not(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        await using var twin = new TestApp { Subscriptions = { TestApp.Subscribe("orders") } };
        await using var other = new TestApp { Subscriptions = { TestApp.Subscribe("orders") } };
        await StartSidecarAsync(Options("shop", await twin.ListenAsync()), cancellationToken);
        await StartSidecarAsync(Options("store", await other.ListenAsync()), cancellationToken);
        for (var i = 0; i < 10; i++)
        {
            await PublishAsync($"{i}", cancellationToken);
        }

        await other.HearAsync(10, cancellationToken);
        await Eventually.TrueAsync(() => App.Events.Count + twin.Events.Count == 10, "each event reaches one of the replicas", cancellationToken: cancellationToken);
    }
}
