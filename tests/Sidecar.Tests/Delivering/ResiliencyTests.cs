using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests.Delivering;

/// <summary>How often and when a delivery is tried, and what happens when that was not enough.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ResiliencyTests : SidecarFixture
{
    protected override bool CanUseDaprd => true;

    [Test, CancelAfter(20_000)]
    public async Task Without_a_policy_the_first_failure_is_the_last(CancellationToken cancellationToken)
    {
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Retry);
        await StartAsync(cancellationToken);

        await PublishAsync("1", cancellationToken);

        Assert.That(Ids(await Undertaker.HearAsync(1, cancellationToken)), Is.EqualTo((string[])["1"]));
        Assert.That(App.Events, Has.Count.EqualTo(1));
    }

    [Test, CancelAfter(20_000)]
    public async Task The_dead_letter_topic_gets_the_event_as_it_was(CancellationToken cancellationToken)
    {
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Drop);
        await StartAsync(cancellationToken);

        await PublishAsync("1", cancellationToken);
        var buried = (await Undertaker.HearAsync(1, cancellationToken))[0].Request;

        Assert.Multiple(() =>
        {
            Assert.That(buried.Topic, Is.EqualTo(Graveyard));
            Assert.That(buried.Extensions.Fields["topic"].StringValue, Is.EqualTo("orders"), "No trace of the burial: the body is the original.");
            Assert.That(buried.Data.ToStringUtf8(), Is.EqualTo("""{"n":"1"}"""));
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task Codes_outside_of_those_that_match_are_not_tried_again(CancellationToken cancellationToken)
    {
        var policy = new ResiliencyPolicy { Retry = Retries(2).Retry! with { GrpcStatusCodes = [StatusCode.Unavailable] } };
        App.Answer = (request, _) => throw new RpcException(new Status(request.Id == "1" ? StatusCode.InvalidArgument : StatusCode.Unavailable, "no"));
        await StartAsync(cancellationToken, options => options with { Inbound = policy });

        await PublishAsync("1", cancellationToken);
        await Undertaker.HearAsync(1, cancellationToken);
        await PublishAsync("2", cancellationToken);
        await Undertaker.HearAsync(2, cancellationToken);

        Assert.That(Ids(App.Events), Is.EqualTo((string[])["1", "2", "2", "2"]));
    }

    [Test, CancelAfter(20_000)]
    public async Task RETRY_has_no_code_and_is_always_tried_again(CancellationToken cancellationToken)
    {
        var policy = new ResiliencyPolicy { Retry = Retries(1).Retry! with { GrpcStatusCodes = [StatusCode.Unavailable] } };
        App.Answer = (_, _) => Task.FromResult(TopicEventResponseStatus.Retry);
        await StartAsync(cancellationToken, options => options with { Inbound = policy });

        await PublishAsync("1", cancellationToken);
        await Undertaker.HearAsync(1, cancellationToken);

        Assert.That(App.Events, Has.Count.EqualTo(2));
    }

    [Test, CancelAfter(20_000)]
    public async Task A_timeout_cuts_an_attempt_and_the_next_one_may_work(CancellationToken cancellationToken)
    {
        var cut = 0;
        App.Answer = async (_, context) =>
        {
            if (App.Events.Count == 1)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Interlocked.Increment(ref cut);
            }

            return TopicEventResponseStatus.Success;
        };
        await StartAsync(cancellationToken, options => options with { Inbound = Retries(3) with { Timeout = TimeSpan.FromMilliseconds(200) } });

        await PublishAsync("1", cancellationToken);
        await App.HearAsync(2, cancellationToken);

        await Eventually.TrueAsync(() => cut == 1, "the first attempt was cut", cancellationToken: cancellationToken);
        Assert.That(Undertaker.Events, Is.Empty);
    }

    [Test]
    public void Times_between_attempts()
    {
        var constant = new RetryPolicy { Duration = TimeSpan.FromSeconds(2) };
        var exponential = new RetryPolicy { IsExponential = true, Duration = TimeSpan.FromSeconds(30), MaxInterval = TimeSpan.FromSeconds(1) };

        Assert.That(Enumerable.Range(1, 3).Select(constant.Before), Is.All.EqualTo(TimeSpan.FromSeconds(2)));
        Assert.That(Enumerable.Range(1, 4).Select(retry => exponential.Before(retry).TotalMilliseconds), Is.EqualTo((double[])[500, 750, 1000, 1000]), "Its duration means nothing.");
    }

    [Test, CancelAfter(20_000)]
    public async Task Without_dead_letter_topic_the_broker_discards_or_requeues(CancellationToken cancellationToken)
    {
        App.Subscriptions[0].DeadLetterTopic = "";
        App.Answer = (_, _) => Task.FromResult(App.Events.Count <= 2 ? TopicEventResponseStatus.Retry : TopicEventResponseStatus.Success);
        await StartAsync(cancellationToken, options => options with { Components = [Component with { Metadata = new Dictionary<string, string>(Component.Metadata) { ["requeueInFailure"] = "true" } }] });

        await PublishAsync("1", cancellationToken);
        await App.HearAsync(3, cancellationToken);

        Assert.That(Undertaker.Events, Is.Empty);
    }

    [Test, CancelAfter(20_000)]
    public async Task Expired_events_and_events_without_route_are_dropped_with_a_copy(CancellationToken cancellationToken)
    {
        // Raw, since the copy of an expired event is as expired as the event.
        Undertaker.Subscriptions[0].Metadata["rawPayload"] = "true";
        App.Subscriptions[0].Routes = new Dapr.Runtime.V1.TopicRoutes { Rules = { new Dapr.Runtime.V1.TopicRule { Match = "event.type == \"bought\"", Path = "/bought" } } };
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);

        await PublishAsync("sold, so without route", cancellationToken);
        await courier.PublishAsync("orders", """{"id":"late","type":"bought","expiration":"2020-01-01T00:00:00Z"}""", Courier.CloudEvents, cancellationToken);
        await courier.PublishAsync("orders", """{"id":"good","type":"bought"}""", Courier.CloudEvents, cancellationToken);
        await Undertaker.HearAsync(2, cancellationToken);
        await App.HearAsync(1, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(Undertaker.Events.Select(buried => (string?)buried.Json["id"]), Is.EquivalentTo((string[])["sold, so without route", "late"]));
            Assert.That(App.Events.Select(delivered => (delivered.Request.Id, delivered.Request.Path)), Is.EqualTo(new[] { ("good", "/bought") }));
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task What_is_no_event_never_reaches_the_app(CancellationToken cancellationToken)
    {
        Undertaker.Subscriptions[0].Metadata["rawPayload"] = "true";
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);

        await courier.PublishAsync("orders?metadata.rawPayload=true", "not json", "text/plain", cancellationToken);

        Assert.That((await Undertaker.HearAsync(1, cancellationToken))[0].Request.Data.ToStringUtf8(), Is.EqualTo("not json"));
        Assert.That(App.Events, Is.Empty);
    }
}
