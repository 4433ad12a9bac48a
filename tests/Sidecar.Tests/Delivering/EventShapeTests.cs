using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Sidecar.Tests.Delivering;

/// <summary>How an event reaches the app.</summary>
[Parallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class EventShapeTests : SidecarFixture
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    protected override bool CanUseDaprd => true;

    [Test, CancelAfter(20_000)]
    public async Task Standard_attributes_are_fields_and_all_others_are_extensions(CancellationToken cancellationToken)
    {
        var delivered = await DeliverAsync(
            $$$"""{"specversion":"1.0","id":"1","source":"/till","type":"sold","subject":"milk","time":"2026-01-02T03:04:05Z","traceid":"{{{Parent}}}","traceparent":"{{{Parent}}}","count":3,"datacontenttype":"application/json","data":{"a":1.50}}""",
            cancellationToken);
        var request = delivered.Request;

        Assert.Multiple(() =>
        {
            Assert.That(
                (request.Id, request.Source, request.Type, request.SpecVersion, request.DataContentType, request.Topic, request.PubsubName, request.Path),
                Is.EqualTo(("1", "/till", "sold", "1.0", "application/json", "orders", "pubsub", "")));
            Assert.That(request.Data.ToStringUtf8(), Is.EqualTo("""{"a":1.5}"""));
            Assert.That(
                request.Extensions.Fields.Keys, Is.EquivalentTo((string[])["subject", "time", "traceid", "traceparent", "tracestate", "topic", "pubsubname", "count"]));
            Assert.That(request.Extensions.Fields["subject"].StringValue, Is.EqualTo("milk"));
            Assert.That(request.Extensions.Fields["count"].NumberValue, Is.EqualTo(3));
            Assert.That(delivered.ContentType, Is.EqualTo("application/grpc+proto"));
        });
    }

    [Test, CancelAfter(20_000)]
    public async Task The_trace_goes_on_in_the_metadata_of_the_call(CancellationToken cancellationToken)
    {
        var headers = (await DeliverAsync($$"""{"id":"1","traceid":"{{Parent}}","traceparent":"{{Parent}}"}""", cancellationToken)).Headers;

        Assert.Multiple(() =>
        {
            Assert.That(headers.GetValue("traceparent"), Does.StartWith(Parent[..36]).And.Not.EqualTo(Parent));
            Assert.That(headers.GetValueBytes("grpc-trace-bin"), Has.Length.EqualTo(29));
            Assert.That(headers.GetValue("dapr-api-token"), Is.Null);
        });
    }

    [CancelAfter(20_000)]
    [TestCase("\"datacontenttype\":\"text/plain\",\"data\":\"hello\"", "hello")]
    [TestCase("\"datacontenttype\":\"application/octet-stream\",\"data_base64\":\"aGVsbG8=\"", "hello")]
    [TestCase("\"datacontenttype\":\"application/json; charset=utf-8\",\"data\":[1]", "[1]")]
    [TestCase("\"datacontenttype\":\"application/json\",\"data\":{\"b\":12345678901234567890,\"a\":9007199254740993}", "{\"a\":9007199254740992,\"b\":12345678901234567000}")]
    [TestCase("\"datacontenttype\":\"application/json\",\"data\":[1e21,1e-7,-0.5,\"9007199254740993\",null]", "[1e+21,1e-7,-0.5,\"9007199254740993\",null]")]
    [TestCase("\"datacontenttype\":\"application/vnd.acme+json\",\"data\":{\"a\":1}", "")]
    [TestCase("\"data\":{\"a\":1}", "")]
    public async Task Data_by_content_type(string members, string data, CancellationToken cancellationToken) =>
        Assert.That((await DeliverAsync($$"""{"id":"1",{{members}}}""", cancellationToken)).Request.Data.ToStringUtf8(), Is.EqualTo(data));

    [Test, CancelAfter(20_000)]
    public async Task The_app_token_comes_with_events_only(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken, options => options with { AppToken = "app secret", AppHealth = new AppHealthCheck() });
        await PublishAsync("1", cancellationToken);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await App.HearAsync(1, cancellationToken))[0].Headers.GetValue("dapr-api-token"), Is.EqualTo("app secret"));
            Assert.That(App.LastQuestion.GetValue("dapr-api-token"), Is.Null, "Neither health nor subscriptions may demand it.");
        });
    }

    private async Task<AppEvent> DeliverAsync(string cloudEvent, CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        using var courier = new Courier(Sidecar);
        var answer = await courier.PublishAsync("orders", cloudEvent, Courier.CloudEvents, cancellationToken);
        Assert.That(answer.Status, Is.EqualTo(204), answer.Body);
        return (await App.HearAsync(1, cancellationToken))[0];
    }
}
