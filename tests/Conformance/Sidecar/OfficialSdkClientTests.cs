using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Sidecar.Tests;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Conformance.Sidecar;

/// <summary>The client of the official SDK for JavaScript uses the stand-in's HTTP API.</summary>
[Parallelizable]
internal sealed class OfficialSdkClientTests
{
    private readonly TestApp _app = new() { Subscriptions = { TestApp.Subscribe("orders", "", ("rawPayload", "true")) } };
    private IRunningSidecar _sidecar = null!;
    private NodePeer _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        await _app.ListenAsync();
        _sidecar = await RunningSidecar.StartAsync(new SidecarOptions
        {
            AppId = "shop",
            AppAddress = _app.Address,
            ApiToken = "api secret",
            Components = [new SidecarComponent { Metadata = new Dictionary<string, string> { ["protectedTopics"] = "vault" } }],
            SecretStores = [SecretStore.Of("local", new Dictionary<string, string> { ["database"] = "password" })],
        });
        using var courier = new Courier(_sidecar) { Token = "api secret" };
        await courier.WaitForSubscriptionsAsync(CancellationToken.None);
        _client = ClientWith("api secret", _sidecar);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Test, CancelAfter(60_000)]
    public Task Health_and_metadata(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "health.isHealthy, metadata.get, metadata.set", async () =>
    {
        var healthy = await CallAsync("health.isHealthy", cancellationToken);
        var set = await CallAsync("metadata.set", cancellationToken, "colour", "red");
        var metadata = (await CallAsync("metadata.get", cancellationToken))["result"]!;

        Assert.That(((bool?)healthy["result"], (bool?)set["result"]), Is.EqualTo(((bool?)true, (bool?)true)));
        Assert.That(
            ((string?)metadata["id"], (string?)metadata["components"]![0]!["name"], (string?)metadata["extended"]!["colour"]), Is.EqualTo(("shop", "pubsub", "red")));
    });

    [Test, CancelAfter(60_000)]
    public Task A_wrong_token_opens_nothing(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "a wrong API token: 401", async () =>
    {
        await using var stranger = ClientWith("wrong", _sidecar);

        var answer = await stranger.AskAsync(new JsonObject { ["bare"] = "/metadata" }, cancellationToken);

        Assert.That(FailureOf(answer).Status, Is.EqualTo(401), answer.ToJsonString());
    });

    [Test, CancelAfter(60_000)]
    public Task An_object_is_wrapped(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "pubsub.publish(object): wrapped, data are JSON, source is the app id", async () =>
    {
        var wrapped = await PublishAsync(new JsonObject { ["n"] = 1 }, cancellationToken);

        Assert.That(
            ((string?)wrapped["datacontenttype"], (string?)wrapped["source"], (string?)wrapped["type"], wrapped["data"]!.ToJsonString()),
            Is.EqualTo(("application/json", "shop", "com.dapr.event.sent", """{"n":1}""")));
    });

    [Test, CancelAfter(60_000)]
    public Task A_string_is_text(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "pubsub.publish(string): wrapped, data are text", async () =>
    {
        var wrapped = await PublishAsync("hello", cancellationToken);

        Assert.That(((string?)wrapped["datacontenttype"], (string?)wrapped["data"]), Is.EqualTo(("text/plain", "hello")));
    });

    [Test, CancelAfter(60_000)]
    public Task Bytes_are_base64(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "pubsub.publish(Buffer): wrapped, data_base64", async () =>
    {
        var wrapped = await PublishAsync(new JsonObject { ["bytes"] = "hello" }, cancellationToken);

        Assert.That(((string?)wrapped["datacontenttype"], (string?)wrapped["data_base64"]), Is.EqualTo(("application/octet-stream", "aGVsbG8=")));
    });

    [Test, CancelAfter(60_000)]
    public Task An_event_is_kept(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "pubsub.publish(CloudEvent): id, source and type kept, topic and pubsubname set", async () =>
    {
        var kept = await PublishAsync(CloudEvent(), cancellationToken);

        Assert.That(
            ((string?)kept["id"], (string?)kept["source"], (string?)kept["type"], (string?)kept["topic"], (string?)kept["pubsubname"]),
            Is.EqualTo(("7", "/till", "sold", "orders", "pubsub")));
    });

    [Test, CancelAfter(60_000)]
    public Task A_traceparent_without_traceid_is_lost(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "CloudEvent with traceparent and no traceid: both overwritten", async () =>
    {
        const string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        var lost = CloudEvent();
        lost["traceparent"] = parent;
        var saved = CloudEvent();
        (saved["traceparent"], saved["traceid"]) = (parent, parent);

        var overwritten = await PublishAsync(lost, cancellationToken);
        var kept = await PublishAsync(saved, cancellationToken);

        Assert.That((string?)overwritten["traceparent"], Is.Not.EqualTo(parent).And.EqualTo((string?)overwritten["traceid"]));
        Assert.That((string?)kept["traceparent"], Is.EqualTo(parent));
    });

    [Test, CancelAfter(60_000)]
    public Task Metadata_as_query(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "options.metadata: rawPayload, cloudevent.* overrides, ttlInSeconds", async () =>
    {
        var raw = await PublishAsync(new JsonObject { ["n"] = 1 }, cancellationToken, ("rawPayload", "true"));
        var wrapped = await PublishAsync(new JsonObject(), cancellationToken, ("cloudevent.id", "8"), ("cloudevent.type", "bought"), ("ttlInSeconds", "60"));

        Assert.That(raw.ToJsonString(), Is.EqualTo("""{"n":1}"""));
        Assert.That(((string?)wrapped["id"], (string?)wrapped["type"], wrapped.ContainsKey("expiration")), Is.EqualTo(("8", "bought", true)));
    });

    [CancelAfter(60_000)]
    [TestCase("nowhere", "orders", 404, "ERR_PUBSUB_NOT_FOUND")]
    [TestCase("pubsub", "vault", 403, "ERR_PUBSUB_FORBIDDEN")]
    public Task Errors(string pubSub, string topic, int status, string code, CancellationToken cancellationToken) => QuirkTable.RunAsync("client", $"pubsub.publish to {pubSub}/{topic}: {status} {code}", async () =>
    {
        var answer = await CallAsync("pubsub.publish", cancellationToken, pubSub, topic, "hello");

        Assert.That(FailureOf(answer), Is.EqualTo((status, code)), answer.ToJsonString());
    });

    [Test, CancelAfter(60_000)]
    public Task Many_at_once(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "pubsub.publishBulk by the alpha address, entryID for entryId: all taken", async () =>
    {
        var before = _app.Events.Count;
        var answer = await CallAsync("pubsub.publishBulk", cancellationToken, "pubsub", "orders", new JsonArray("a", new JsonObject { ["n"] = 2 }));
        var events = (await _app.HearAsync(before + 2, cancellationToken)).Skip(before).Select(delivered => delivered.Json["data"]!.ToJsonString());

        Assert.That(answer["result"]?["failedMessages"]?.AsArray(), Is.Empty, answer.ToJsonString());
        Assert.That(events, Is.EquivalentTo((string[])["\"a\"", """{"n":2}"""]));
    });

    [Test, CancelAfter(60_000)]
    public Task Secrets(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "secret.get, secret.getBulk; unknown store: 401 ERR_SECRET_STORE_NOT_FOUND", async () =>
    {
        var one = await CallAsync("secret.get", cancellationToken, "local", "database");
        var all = await CallAsync("secret.getBulk", cancellationToken, "local");
        var none = await CallAsync("secret.get", cancellationToken, "nowhere", "database");

        Assert.That(one["result"]!.ToJsonString(), Is.EqualTo("""{"database":"password"}"""));
        Assert.That(all["result"]!.ToJsonString(), Is.EqualTo("""{"database":{"database":"password"}}"""));
        Assert.That(FailureOf(none), Is.EqualTo((401, "ERR_SECRET_STORE_NOT_FOUND")));
    });

    [Test, CancelAfter(60_000)]
    public Task A_swallowed_event(CancellationToken cancellationToken) => QuirkTable.RunAsync("client", "a refused publish that is reported as success: the SDK sees no error", async () =>
    {
        var component = new SidecarComponent();
        component.Faults.SwallowsPublishes = true;
        await using var sidecar = await SidecarStandIn.StartAsync(new SidecarOptions { AppId = "shop", Components = [component] }, cancellationToken);
        await using var client = ClientWith(null, sidecar);

        var answer = await client.AskAsync(new JsonObject { ["call"] = "pubsub.publish", ["with"] = new JsonArray("pubsub", "orders", "lost") }, cancellationToken);

        Assert.That(answer["result"]!.ToJsonString(), Is.EqualTo("{}"));
    });

    [Test, CancelAfter(60_000)]
    public Task No_proxy(CancellationToken cancellationToken) => QuirkTable.RunAsync(
        "client",
        "proxy.create",
        async () =>
        {
            // Its documentation has it, its transport does not. Should that change, this fails and a real row takes its place.
            var answer = await CallAsync("proxy.create", cancellationToken, "Service");

            Assert.That((string?)answer["failed"], Is.Not.Null, answer.ToJsonString());
        },
        "not there (no proxy over HTTP; over gRPC \"not supported with the ConnectRPC transport\"): grpc-js calls instead");

    private static JsonObject CloudEvent() => new()
    {
        ["specversion"] = "1.0", ["id"] = "7", ["source"] = "/till", ["type"] = "sold", ["datacontenttype"] = "application/json", ["data"] = new JsonObject { ["n"] = 1 },
    };

    /// <summary>The SDK packs what went wrong into the text of an error: status, and the body as text again.</summary>
    private static (int Status, string? Code) FailureOf(JsonNode answer)
    {
        var error = JsonNode.Parse((string)(answer["failed"] ?? answer["result"]!["error"])!)!;
        var body = (string)error["error_msg"]!;
        return ((int)error["status"]!, body.StartsWith('{') ? (string?)JsonNode.Parse(body)!["errorCode"] : null);
    }

    private static NodePeer ClientWith(string? token, IRunningSidecar sidecar) =>
        NodePeer.Start("Sidecar/client.mjs", new JsonObject { ["port"] = sidecar.HttpAddress.Port, ["token"] = token });

    private Task<JsonNode> CallAsync(string method, CancellationToken cancellationToken, params JsonNode[] arguments) =>
        _client.AskAsync(new JsonObject { ["call"] = method, ["with"] = new JsonArray(arguments) }, cancellationToken);

    private async Task<JsonObject> PublishAsync(JsonNode data, CancellationToken cancellationToken, params (string Name, string Value)[] metadata)
    {
        var before = _app.Events.Count;
        var options = new JsonObject { ["metadata"] = new JsonObject(metadata.Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value))) };
        var answer = await CallAsync("pubsub.publish", cancellationToken, "pubsub", "orders", data, options);
        Assert.That(answer["result"]?.ToJsonString(), Is.EqualTo("{}"), answer.ToJsonString());
        return (await _app.HearAsync(before + 1, cancellationToken))[before].Json;
    }
}
