using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests.Delivering;

/// <summary>What becomes of an event, by what the app answers.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ReplyTableTests : SidecarFixture
{
    protected override bool CanUseDaprd => true;

    [CancelAfter(20_000)]
    [TestCase(TopicEventResponseStatus.Success, 1, false)]
    [TestCase(TopicEventResponseStatus.Drop, 1, true)]
    [TestCase(TopicEventResponseStatus.Retry, 3, true)]
    [TestCase((TopicEventResponseStatus)9, 3, true)]
    public async Task By_status(TopicEventResponseStatus status, int deliveries, bool buried, CancellationToken cancellationToken)
    {
        App.Answer = (_, _) => Task.FromResult(status);

        await ExpectAsync(deliveries, buried, cancellationToken);
    }

    [CancelAfter(20_000)]
    [TestCase(StatusCode.Unimplemented, 1, false)]
    [TestCase(StatusCode.InvalidArgument, 3, true)]
    [TestCase(StatusCode.NotFound, 3, true)]
    [TestCase(StatusCode.Unavailable, 3, true)]
    [TestCase(StatusCode.Unknown, 3, true)]
    public async Task By_error(StatusCode code, int deliveries, bool buried, CancellationToken cancellationToken)
    {
        App.Answer = (_, _) => throw new RpcException(new Status(code, "no"));

        await ExpectAsync(deliveries, buried, cancellationToken);
    }

    [Test, CancelAfter(20_000)]
    public async Task What_is_declared_beside_the_app_is_subscribed_as_well(CancellationToken cancellationToken)
    {
        App.Subscriptions.Clear();
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Drop);
        await StartAsync(cancellationToken, options => options with
        {
            Subscriptions = [new SidecarSubscription { PubSub = "pubsub", Topic = "orders", DeadLetterTopic = Graveyard, Routes = [new("", "/orders")] }],
        });

        await PublishAsync("1", cancellationToken);
        await Undertaker.HearAsync(1, cancellationToken);

        Assert.That(App.Events.Single().Request.Path, Is.EqualTo("/orders"));
    }

    // A second event that succeeds comes after the first is settled: then all that will happen to the first has happened.
    private async Task ExpectAsync(int deliveries, bool buried, CancellationToken cancellationToken)
    {
        var refuse = App.Answer;
        App.Answer = (request, context) => request.Id == "1" ? refuse(request, context) : Task.FromResult(TopicEventResponseStatus.Drop);
        await StartAsync(cancellationToken, options => options with { Inbound = Retries(2) });
        await PublishAsync("1", cancellationToken);
        await App.HearAsync(deliveries, cancellationToken);
        await (buried ? Undertaker.HearAsync(1, cancellationToken) : Task.CompletedTask);
        await PublishAsync("2", cancellationToken);
        await Undertaker.HearAsync(buried ? 2 : 1, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(Ids(App.Events), Is.EqualTo((string[])[.. Enumerable.Repeat("1", deliveries), "2"]));
            Assert.That(Ids(Undertaker.Events), Is.EqualTo(buried ? ["1", "2"] : (string[])["2"]));
        });
    }
}
