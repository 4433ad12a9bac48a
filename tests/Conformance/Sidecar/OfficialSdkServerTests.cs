using System.Text.Json.Nodes;
using CustomerInsights.Sidecar.Tests;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Conformance.Sidecar;

/// <summary>The server of the official SDK for JavaScript is the app: the stand-in finds it, asks it, delivers to it.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OfficialSdkServerTests : IAsyncDisposable
{
    private const string Graveyard = "orders.dead";

    private readonly SidecarNetwork _network = new();
    private readonly OfficialApp _app = new();
    private readonly TestApp _undertaker = new() { Subscriptions = { TestApp.Subscribe(Graveyard) } };
    private readonly List<IRunningSidecar> _sidecars = [];
    private SidecarComponent _component = null!;

    [SetUp]
    public async Task PrepareAsync() => _component = await RunningSidecar.CreateComponentAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _sidecars)
        {
            await sidecar.DisposeAsync();
        }

        await _app.DisposeAsync();
        await _undertaker.DisposeAsync();
    }

    [Test, CancelAfter(60_000)]
    public Task Subscriptions_are_listed(CancellationToken cancellationToken) => QuirkTable.RunAsync("server", "ListTopicSubscriptions: topic, deadLetterTopic, metadata, default route", async () =>
    {
        var sidecar = await StartAsync(cancellationToken);

        using var courier = new Courier(sidecar);
        var listed = (await courier.GetAsync("/v1.0/metadata", cancellationToken)).Json["subscriptions"]![0]!;

        // This SDK writes the values of metadata as JSON.
        Assert.That(
            ((string?)listed["pubsubname"], (string?)listed["topic"], (string?)listed["deadLetterTopic"], (string?)listed["metadata"]!["colour"]),
            Is.EqualTo(("pubsub", "orders", Graveyard, "\"red\"")));
        Assert.That(listed["rules"]!.AsArray(), Has.Count.EqualTo(1));
    });

    [Test, CancelAfter(60_000)]
    public Task The_app_may_come_later(CancellationToken cancellationToken) => QuirkTable.RunAsync("server", "the sidecar is up first and waits for the app's port; the SDK waits for /metadata", async () =>
    {
        var sidecar = await StartSidecarAsync(new AppHealthCheck { Interval = TimeSpan.FromMilliseconds(50) }, cancellationToken);
        using var courier = new Courier(sidecar);
        var before = (await courier.GetAsync("/v1.0/healthz", cancellationToken)).Status;
        await _app.StartAsync(sidecar.HttpAddress.Port, cancellationToken, ("orders", Graveyard));

        await courier.WaitForSubscriptionsAsync(cancellationToken);

        Assert.That(before, Is.EqualTo(500));
    });

    [CancelAfter(60_000)]
    [TestCase("SUCCESS", 1, false)]
    [TestCase("DROP", 1, true)]
    [TestCase("RETRY", 3, true)]
    [TestCase("throw", 1, false)]
    public Task Statuses(string answer, int deliveries, bool buried, CancellationToken cancellationToken) => QuirkTable.RunAsync(
        "server",
        answer == "throw"
            ? "a handler that throws: the SDK answers SUCCESS, so the event is gone"
            : $"{answer}: delivered {(deliveries == 1 ? "once" : $"{deliveries} times under 2 retries")}, {(buried ? "copied to the dead-letter topic" : "acknowledged")}",
        async () =>
        {
            await StartAsync(cancellationToken);
            await StartUndertakerAsync(cancellationToken);

            await PublishAsync(new JsonObject { ["answer"] = answer }, "application/json", cancellationToken);
            for (var i = 0; i < deliveries; i++)
            {
                Assert.That((string?)(await _app.HearAsync(cancellationToken))["data"]!["answer"], Is.EqualTo(answer));
            }

            // What comes next is the next event, and the copy is of the first.
            await (buried ? _undertaker.HearAsync(1, cancellationToken) : Task.CompletedTask);
            await PublishAsync(new JsonObject { ["answer"] = "DROP" }, "application/json", cancellationToken);
            Assert.That((string?)(await _app.HearAsync(cancellationToken))["data"]!["answer"], Is.EqualTo("DROP"));
            await _undertaker.HearAsync(buried ? 2 : 1, cancellationToken);
            Assert.That(_undertaker.Events, Has.Count.EqualTo(buried ? 2 : 1));
        });

    [CancelAfter(60_000)]
    [TestCase("application/json", "{\"n\":1}", "{\"n\":1}")]
    [TestCase("text/plain", "hello", "\"hello\"")]
    [TestCase("application/octet-stream", "hello", "\"hello\"")]
    [TestCase("application/vnd.acme+json", "{\"n\":1}", "\"\"")]
    public Task Data(string contentType, string body, string seen, CancellationToken cancellationToken) => QuirkTable.RunAsync("server", $"data of {contentType}{(seen == "\"\"" ? ": not handed over" : "")}", async () =>
    {
        await StartAsync(cancellationToken);

        await PublishAsync(body, contentType, cancellationToken);

        Assert.That((await _app.HearAsync(cancellationToken))["data"]!.ToJsonString(), Is.EqualTo(seen));
    });

    [Test, CancelAfter(60_000)]
    public Task Metadata(CancellationToken cancellationToken) => QuirkTable.RunAsync("server", "metadata of a delivery: dapr-api-token (the app's), traceparent, application/grpc+proto", async () =>
    {
        await StartAsync(cancellationToken);

        await PublishAsync("hello", "text/plain", cancellationToken);
        var headers = (await _app.HearAsync(cancellationToken))["headers"]!;

        Assert.That(((string?)headers["dapr-api-token"], (string?)headers["content-type"]), Is.EqualTo(("app secret", "application/grpc+proto")));
        Assert.That((string?)headers["traceparent"], Does.Match("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"));
    });

    private async Task<IRunningSidecar> StartAsync(CancellationToken cancellationToken)
    {
        var sidecar = await StartSidecarAsync(null, cancellationToken);
        await _app.StartAsync(sidecar.HttpAddress.Port, cancellationToken, ("orders", Graveyard));
        using var courier = new Courier(sidecar);
        await courier.WaitForSubscriptionsAsync(cancellationToken);
        return sidecar;
    }

    private async Task<IRunningSidecar> StartSidecarAsync(AppHealthCheck? health, CancellationToken cancellationToken)
    {
        var sidecar = await RunningSidecar.StartAsync(
            new SidecarOptions
            {
                AppId = "shop",
                Network = _network,
                AppAddress = _app.Address,
                AppToken = "app secret",
                AppHealth = health,
                Components = [_component],
                Inbound = new ResiliencyPolicy { Retry = new RetryPolicy { Duration = TimeSpan.FromMilliseconds(1), MaxRetries = 2 } },
            },
            cancellationToken);
        _sidecars.Add(sidecar);
        return sidecar;
    }

    private async Task StartUndertakerAsync(CancellationToken cancellationToken)
    {
        await _undertaker.ListenAsync();
        var sidecar = await RunningSidecar.StartAsync(
            new SidecarOptions { AppId = "undertaker", Network = _network, AppAddress = _undertaker.Address, Components = [_component] }, cancellationToken);
        _sidecars.Add(sidecar);
        using var courier = new Courier(sidecar);
        await courier.WaitForSubscriptionsAsync(cancellationToken);
    }

    private Task PublishAsync(JsonObject data, string contentType, CancellationToken cancellationToken) => PublishAsync(data.ToJsonString(), contentType, cancellationToken);

    private async Task PublishAsync(string body, string contentType, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var content = new StringContent(body);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(contentType);
        using var response = await http.PostAsync(new Uri(_sidecars[0].HttpAddress, "/v1.0/publish/pubsub/orders"), content, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
