using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Sidecar.Tests.Publishing;

/// <summary>What a publish is answered with.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class PublishTableTests
{
    private const string Json = "application/json";

    private readonly SidecarComponent _component = new()
    {
        Metadata = new Dictionary<string, string> { ["publishingScopes"] = "shop=orders;other=", ["protectedTopics"] = "vault" },
    };

    private SidecarStandIn _sidecar = null!;
    private Courier _courier = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _sidecar = await SidecarStandIn.StartAsync(new SidecarOptions { AppId = "shop", Components = [_component, new SidecarComponent { Name = "open" }] });
        _courier = new Courier(_sidecar);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _courier.Dispose();
        await _sidecar.DisposeAsync();
    }

    [TestCase("orders", Json, "{}", 204, null)]
    [TestCase("orders", Json, "no json: then it is text", 204, null)]
    [TestCase("open/a/topic/with/slashes", Json, "{}", 204, null)]
    [TestCase("returns", Json, "{}", 403, "ERR_PUBSUB_FORBIDDEN")]
    [TestCase("vault", Json, "{}", 403, "ERR_PUBSUB_FORBIDDEN")]
    [TestCase("nowhere/orders", Json, "{}", 404, "ERR_PUBSUB_NOT_FOUND")]
    [TestCase("/orders", Json, "{}", 404, "ERR_PUBSUB_EMPTY")]
    [TestCase("open/", Json, "{}", 404, "ERR_TOPIC_NAME_EMPTY")]
    [TestCase("orders?metadata.rawPayload=perhaps", Json, "{}", 400, "ERR_PUBSUB_REQUEST_METADATA")]
    [TestCase("orders?metadata.ttlInSeconds=soon", Json, "{}", 204, null)]
    [TestCase("orders", Courier.CloudEvents, "no json", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER")]
    [TestCase("orders", Courier.CloudEvents, "[]", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER")]
    [TestCase("orders", Courier.CloudEvents, "{}", 204, null)]
    public async Task Answers(string target, string contentType, string body, int status, string? code)
    {
        var answer = await _courier.PublishAsync(target, body, contentType, CancellationToken.None);

        Assert.That((answer.Status, answer.Body.Length == 0 ? null : answer.ErrorCode), Is.EqualTo((status, code)), answer.Body);
    }

    [Test]
    public async Task An_error_says_what_it_is_about()
    {
        var answer = await _courier.PublishAsync("nowhere/orders", "{}", Json, CancellationToken.None);

        Assert.Multiple(() =>
        {
            Assert.That((string?)answer.Json["message"], Is.EqualTo("pubsub nowhere not found"));
            Assert.That((string?)answer.Json["details"]![0]!["reason"], Is.EqualTo("DAPR_PUBSUB_NOT_FOUND"));
            Assert.That((string?)answer.Json["details"]![1]!["resourceName"], Is.EqualTo("nowhere"));
        });
    }

    [Test]
    public async Task A_body_that_is_too_large_is_a_failed_publish_and_not_413()
    {
        var fits = await _courier.PublishAsync("orders", new string('x', SidecarOptions.DefaultMaxBodyBytes), "text/plain", CancellationToken.None);
        var larger = await _courier.PublishAsync("orders", new string('x', SidecarOptions.DefaultMaxBodyBytes + 1), "text/plain", CancellationToken.None);
        var bulk = await _courier.PublishManyAsync("orders", new string(' ', SidecarOptions.DefaultMaxBodyBytes + 1), CancellationToken.None);

        Assert.Multiple(() =>
        {
            Assert.That(fits.Status, Is.EqualTo(204));
            Assert.That((larger.Status, larger.ErrorCode), Is.EqualTo((500, "ERR_PUBSUB_PUBLISH_MESSAGE")));
            Assert.That((bulk.Status, bulk.ErrorCode), Is.EqualTo((400, "ERR_PUBSUB_EVENTS_SER")));
        });
    }

    [Test, NonParallelizable]
    public async Task A_broker_that_is_away_is_an_error()
    {
        _component.Faults.IsAway = true;
        var away = await _courier.PublishAsync("orders", "{}", Json, CancellationToken.None);
        _component.Faults.IsAway = false;
        var back = await _courier.PublishAsync("orders", "{}", Json, CancellationToken.None);

        Assert.That((away.Status, away.ErrorCode, back.Status), Is.EqualTo((500, "ERR_PUBSUB_PUBLISH_MESSAGE", 204)));
    }

    [Test]
    public async Task Without_any_component_publishing_is_not_set_up()
    {
        await using var sidecar = await SidecarStandIn.StartAsync(new SidecarOptions { AppId = Some.Name("app") });
        using var courier = new Courier(sidecar);

        var answer = await courier.PublishAsync("orders", "{}", Json, CancellationToken.None);

        Assert.That((answer.Status, answer.ErrorCode), Is.EqualTo((400, "ERR_PUBSUB_NOT_CONFIGURED")));
    }
}
