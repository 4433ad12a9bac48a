using System.Net;
using System.Text;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.Webhook.Controlling;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Webhook;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public sealed class WebhookClientTests
{
    private static readonly DeliveryBatch Batch = new(
        DeliveryKind.Upsert, "a", [new DeliveryOperation("k1", Line("k1")), new DeliveryOperation("k2", Line("k2"))]);

    private readonly ManualTimeProvider _clock = new();
    private SandboxServer _server = null!;
    private WebhookControl _receiver = null!;
    private OutboundClient _outbound = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await SandboxServer.StartAsync(new SandboxOptions { Time = _clock }, TestContext.CurrentContext.CancellationToken);
        _receiver = new WebhookControl(_server.Address);
    }

    [TearDown]
    public async Task StopAsync()
    {
        _outbound?.Dispose();
        _receiver.Dispose();
        await _server.DisposeAsync();
    }

    // The stand-in reckons the signature by itself, and its clock is the worker's.
    [Test]
    public async Task A_batch_is_taken_by_who_knows_the_secret_and_a_repeat_is_the_same_delivery()
    {
        var connection = Connect("sandbox-signing-secret");
        Assert.That(await PostAsync(connection), Is.EqualTo(BatchOutcome.AllDelivered).Using<BatchOutcome>((x, y) => x.Answer == y.Answer && x.Rejections.Count == y.Rejections.Count));
        await PostAsync(connection);
        var requests = await _receiver.JournalAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(requests.Select(request => (request.Lines, request.Delivery)), Is.All.EqualTo((2, requests[0].Delivery)));
        Assert.That((await PostAsync(Connect("another-signing-secret"))).Answer, Is.EqualTo(Answer.Unauthorized));
    }

    [TestCase(FaultKind.EndlessBody, Answer.Unknown)]
    [TestCase(FaultKind.MalformedBody, Answer.Unknown)]
    [TestCase(FaultKind.DropBefore, Answer.Unknown)]
    [TestCase(FaultKind.DropAfter, Answer.Unknown)]
    public async Task An_answer_that_says_nothing_leaves_open_what_became_of_the_batch(FaultKind fault, Answer answer)
    {
        await _receiver.AddFaultAsync(new FaultRule { Kind = fault }, TestContext.CurrentContext.CancellationToken);
        Assert.That((await PostAsync(Connect("sandbox-signing-secret"))).Answer, Is.EqualTo(answer));
    }

    [Test]
    public async Task A_pause_is_told_with_the_answer()
    {
        await _receiver.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = 429, RetryAfterSeconds = 40 }, TestContext.CurrentContext.CancellationToken);
        var outcome = await PostAsync(Connect("sandbox-signing-secret"));
        Assert.That((outcome.Answer, outcome.RetryAt), Is.EqualTo((Answer.Throttled, _clock.GetUtcNow().AddSeconds(40))));
    }

    [TestCase("10.0.0.1")]
    [TestCase("127.0.0.1")]
    [TestCase("::ffff:192.168.1.1")]
    public async Task Nothing_goes_to_an_address_of_a_private_network(string address)
    {
        var outcome = await PostAsync(Connect("sandbox-signing-secret", new Uri("https://hooks.example.com/"), IPAddress.Parse(address)));
        Assert.That(outcome.Answer, Is.EqualTo(Answer.Unavailable), "not even sent");
    }

    private WebhookConnectionHandle Connect(string secret, Uri? url = null, params IPAddress[] resolved)
    {
        var options = new WebhookOptions { AllowedSandboxHosts = [_server.Host] };
        _outbound?.Dispose();
        _outbound = new OutboundClient((host, token) => resolved.Length > 0 ? Task.FromResult(resolved) : Dns.GetHostAddressesAsync(host, token), options.OutboundRules);
        return new WebhookClient(_outbound, Options.Create(options), _clock).Connect(url ?? _receiver.Url, secret, "environments/e/exports/x/runs/1");
    }

    private static Task<BatchOutcome> PostAsync(WebhookConnectionHandle connection) => connection.PostAsync(Batch, TestContext.CurrentContext.CancellationToken);

    private static byte[] Line(string key) => Encoding.UTF8.GetBytes($$"""{"audience":"a","key":"{{key}}","fields":{},"op":"add"}""");
}
