using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Sidecar.Tests.Publishing;

/// <summary>What a sidecar makes of what it is given, as the broker gets it.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class EnvelopeTests : IAsyncDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Parent = $"00-{Trace}-00f067aa0ba902b7-01";

    private readonly TestApp _app = new() { Subscriptions = { TestApp.Subscribe("orders", "", ("rawPayload", "true")) } };
    private IRunningSidecar _sidecar = null!;
    private Courier _courier = null!;

    [SetUp]
    public async Task StartAsync()
    {
        await _app.ListenAsync();
        _sidecar = await RunningSidecar.StartAsync(new SidecarOptions { AppId = "shop", AppAddress = _app.Address, Components = [new SidecarComponent()] });
        _courier = new Courier(_sidecar);
        await _courier.WaitForSubscriptionsAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        _courier.Dispose();
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Test, CancelAfter(20_000)]
    public async Task Plain_data_are_wrapped(CancellationToken cancellationToken)
    {
        var wrapped = await PublishAsync("orders", """{"price": 12.50, "big": 12345678901234567890}""", "application/json", cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(Guid.TryParse((string?)wrapped["id"], out _), Is.True);
            Assert.That((string?)wrapped["source"], Is.EqualTo("shop"));
            Assert.That((string?)wrapped["type"], Is.EqualTo("com.dapr.event.sent"));
            Assert.That((string?)wrapped["specversion"], Is.EqualTo("1.0"));
            Assert.That((string?)wrapped["datacontenttype"], Is.EqualTo("application/json"));
            Assert.That((string?)wrapped["topic"], Is.EqualTo("orders"));
            Assert.That((string?)wrapped["pubsubname"], Is.EqualTo("pubsub"));
            Assert.That((string?)wrapped["traceid"], Is.EqualTo((string?)wrapped["traceparent"]).And.Not.Empty);
            Assert.That(DateTimeOffset.TryParse((string?)wrapped["time"], out _), Is.True);
            Assert.That(wrapped["data"]!.ToJsonString(), Is.EqualTo("""{"price":12.50,"big":12345678901234567890}"""), "Numbers keep their digits.");
            Assert.That(wrapped.ContainsKey("subject"), Is.False);
        });
    }

    [CancelAfter(20_000)]
    [TestCase("", "hello", "text/plain", "data")]
    [TestCase("text/plain", "hello", "text/plain", "data")]
    [TestCase("application/vnd.acme+json", "{\"a\":1}", "application/vnd.acme+json", "data")]
    [TestCase("application/octet-stream", "hello", "application/octet-stream", "data_base64")]
    public async Task Other_content_is_text_or_bytes(string contentType, string body, string kept, string member, CancellationToken cancellationToken)
    {
        var wrapped = await PublishAsync("orders", body, contentType, cancellationToken);

        Assert.That(((string?)wrapped["datacontenttype"], (string?)wrapped[member]), Is.EqualTo((kept, member == "data" ? body : "aGVsbG8=")));
    }

    [Test, CancelAfter(20_000)]
    public async Task The_query_says_otherwise_when_wrapping(CancellationToken cancellationToken)
    {
        var wrapped = await PublishAsync(
            "orders?metadata.cloudevent.id=7&metadata.cloudevent.type=sold&metadata.cloudevent.source=till&metadata.cloudevent.subject=milk", "{}", "application/json", cancellationToken);

        Assert.That(
            ((string?)wrapped["id"], (string?)wrapped["type"], (string?)wrapped["source"], (string?)wrapped["subject"]), Is.EqualTo(("7", "sold", "till", "milk")));
    }

    [Test, CancelAfter(20_000)]
    public async Task A_ready_event_keeps_what_it_says_but_for_topic_and_component(CancellationToken cancellationToken)
    {
        var kept = await PublishAsync(
            "orders?metadata.cloudevent.id=ignored",
            $$$"""{"specversion":"1.0","id":"1","source":"/till","type":"sold","time":"2026-01-02T03:04:05Z","topic":"x","pubsubname":"y","traceid":"{{{Parent}}}","traceparent":"{{{Parent}}}","colour":"red","data":{"a":1}}""",
            "application/cloudevents+json; charset=utf-8",
            cancellationToken);

        Assert.That(JsonNode.DeepEquals(kept, JsonNode.Parse(
            $$$"""{"specversion":"1.0","id":"1","source":"/till","type":"sold","time":"2026-01-02T03:04:05Z","topic":"orders","pubsubname":"pubsub","traceid":"{{{Parent}}}","traceparent":"{{{Parent}}}","tracestate":"","colour":"red","data":{"a":1}}""")),
            Is.True, kept.ToJsonString());
    }

    [Test, CancelAfter(20_000)]
    public async Task A_ready_event_without_traceid_loses_its_traceparent(CancellationToken cancellationToken)
    {
        var kept = await PublishAsync("orders", $$"""{"id":"1","traceparent":"{{Parent}}"}""", Courier.CloudEvents, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That((string?)kept["traceparent"], Does.Not.Contain(Trace));
            Assert.That((string?)kept["traceid"], Is.EqualTo((string?)kept["traceparent"]));
            Assert.That(((string?)kept["source"], (string?)kept["type"], (string?)kept["specversion"]), Is.EqualTo(("Dapr", "com.dapr.event.sent", "1.0")));
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task The_trace_of_the_request_goes_on_in_the_event(CancellationToken cancellationToken)
    {
        var answer = await _courier.PublishAsync("orders", """{"id":"1"}""", Courier.CloudEvents, cancellationToken, ("traceparent", Parent), ("tracestate", "a=b"));
        var kept = (await _app.HearAsync(1, cancellationToken))[0].Json;

        Assert.Multiple(() =>
        {
            Assert.That(answer.Status, Is.EqualTo(204));
            Assert.That((string?)kept["traceparent"], Does.StartWith($"00-{Trace}-").And.Not.EqualTo(Parent));
            Assert.That((string?)kept["tracestate"], Is.EqualTo("a=b"));
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task A_ready_event_gets_no_id(CancellationToken cancellationToken)
    {
        var kept = await PublishAsync("orders", "{}", Courier.CloudEvents, cancellationToken);

        Assert.That(kept.ContainsKey("id"), Is.False);
    }

    [Test, CancelAfter(20_000)]
    public async Task Raw_payloads_get_no_envelope_and_a_time_to_live_is_noted(CancellationToken cancellationToken)
    {
        var raw = await PublishAsync("orders?metadata.rawPayload=true", """{"just":"this"}""", "application/json", cancellationToken);
        var mortal = await PublishAsync("orders?metadata.ttlInSeconds=60", "{}", "application/json", cancellationToken, 2);

        Assert.Multiple(() =>
        {
            Assert.That(raw.ToJsonString(), Is.EqualTo("""{"just":"this"}"""));
            Assert.That(DateTimeOffset.Parse((string)mortal["expiration"]!, null), Is.EqualTo(TimeProvider.System.GetUtcNow().AddSeconds(60)).Within(TimeSpan.FromSeconds(20)));
        });
    }

    private async Task<JsonObject> PublishAsync(string target, string body, string contentType, CancellationToken cancellationToken, int nth = 1)
    {
        var answer = await _courier.PublishAsync(target, body, contentType, cancellationToken);
        Assert.That(answer.Status, Is.EqualTo(204), answer.Body);
        return (await _app.HearAsync(nth, cancellationToken))[^1].Json;
    }
}
