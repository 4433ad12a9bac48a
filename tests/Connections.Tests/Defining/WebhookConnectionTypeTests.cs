using System.Net;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.Webhook;
using CustomerInsights.Sandbox.Webhook.Controlling;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Defining;

public sealed class WebhookConnectionTypeTests(Engine engine) : ConnectionsFixture(engine)
{
    private static readonly string Secret = $"signing-secret-{Some.Id()}";

    [Test]
    public async Task Verified_by_a_signed_ping_that_changes_nothing_and_fetched_by_its_worker_only()
    {
        var (scene, receiver) = await SetUpAsync();
        var created = await scene.CreateAsync(Webhook(receiver));
        Assert.That((created.State, created.Webhook), Is.EqualTo((ConnectionState.Active, new WebhookConnection { Url = receiver.Url.AbsoluteUri })), "no secret in it");
        var ping = (await receiver.JournalAsync(Token)).Single();
        Assert.That((ping.Status, ping.Delivery, ping.Body, ping.Lines), Is.EqualTo((200, "ping", "", 0)));
        Assert.That(await receiver.MembersAsync(Token), Is.Empty);

        var fetch = scene.Fetch();
        fetch.Name = created.Name;
        var credential = await scene.Service("worker-webhook").FetchCredentialAsync(fetch);
        Assert.That(credential.Webhook, Is.EqualTo(new WebhookConnection { Url = receiver.Url.AbsoluteUri, SigningSecret = Secret }));
        await RefusedAsync(scene.Worker.FetchCredentialAsync(fetch), StatusCode.PermissionDenied, "WRONG_WORKER");
    }

    [TestCase("hooks.example.com")]
    [TestCase("http://hooks.example.com/")]
    [TestCase("http://127.0.0.1:1/")]
    [TestCase("https://hooks.example.com/#x")]
    [TestCase("https://user:secret" + "@" + "hooks.example.com/")]
    [TestCase("")]
    public async Task Address_that_cannot_be_one_is_named(string url) => await AssertInvalidAsync(webhook => webhook.Url = url, "connection.webhook.url");

    [Test]
    public async Task Address_has_at_most_2000_characters_as_it_is_sent()
    {
        await AssertInvalidAsync(webhook => webhook.Url = $"https://hooks.example.com/{new string('a', 2_000)}", "connection.webhook.url");
        await AssertInvalidAsync(webhook => webhook.Url = $"https://hooks.example.com/{new string('é', 1_000)}", "connection.webhook.url");
    }

    [TestCase("")]
    [TestCase("fifteen-letters")]
    [TestCase("a secret with spaces in it")]
    [TestCase("geheimnis-für-den-webhook")]
    public async Task Secret_that_cannot_be_one_is_named(string secret) => await AssertInvalidAsync(webhook => webhook.SigningSecret = secret, "connection.webhook.signing_secret");

    [TestCase(401, "CREDENTIAL_UNKNOWN")]
    [TestCase(403, "CREDENTIAL_FORBIDDEN")]
    [TestCase(302, "HOST_UNREACHABLE")]
    [TestCase(404, "HOST_UNREACHABLE")]
    [TestCase(500, "HOST_UNREACHABLE")]
    public async Task Receiver_that_does_not_take_the_ping_is_not_connected(int status, string reason)
    {
        var (scene, receiver) = await SetUpAsync();
        await receiver.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = status }, Token);
        var refused = await RefusedAsync(scene.Client.CreateConnectionAsync(scene.Request(Webhook(receiver))), StatusCode.FailedPrecondition, reason);
        Assert.That(refused.Status.Detail, Does.Contain("receiver").Or.Contain("address").And.Not.Contain("users.track"));
    }

    [TestCase("127.0.0.1")]
    [TestCase("10.1.2.3")]
    [TestCase("169.254.169.254")]
    public async Task Address_that_leads_into_a_network_of_ones_own_is_not_called(string address)
    {
        var (scene, _) = await SetUpAsync();
        Resolved = [IPAddress.Parse(address)];
        var request = scene.Request(r => r.Connection.Webhook = new WebhookConnection { Url = "https://rest.example.com/hook", SigningSecret = Secret });
        await RefusedAsync(scene.Client.CreateConnectionAsync(request), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        await AssertInvalidAsync(webhook => webhook.Url = $"https://{address}/hook", "connection.webhook.url");
    }

    [Test]
    public async Task Secret_is_replaced_when_the_receiver_takes_the_new_one_and_another_address_is_another_account()
    {
        var (scene, receiver) = await SetUpAsync();
        var created = await scene.CreateAsync(Webhook(receiver));
        var account = await AccountAsync(scene, created);
        var renewed = $"another-{Some.Id()}-secret";
        await receiver.SetAsync(new WebhookSettings { Secret = renewed }, Token);
        await scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = created.Name });
        Assert.That((await scene.GetAsync()).StateReason, Does.Contain("refuses the signature"));
        await UpdateAsync(scene, created.Name, new WebhookConnection { SigningSecret = renewed }, "webhook.signing_secret");
        Assert.That(((await scene.GetAsync()).State, await AccountAsync(scene, created)), Is.EqualTo((ConnectionState.Active, account)));

        using var other = new WebhookControl(receiver.Url, $"{scene.Environment}-2");
        await other.SetAsync(new WebhookSettings { Secret = renewed }, Token);
        await UpdateAsync(scene, created.Name, new WebhookConnection { Url = other.Url.AbsoluteUri }, "webhook.url");
        Assert.That((await scene.GetAsync()).Webhook.Url, Is.EqualTo(other.Url.AbsoluteUri));
        Assert.That(await AccountAsync(scene, created), Is.Not.EqualTo(account));
    }

    [Test]
    public async Task Kept_secret_of_a_sandbox_is_not_used_for_a_real_receiver()
    {
        var (scene, receiver) = await SetUpAsync();
        var created = await scene.CreateAsync(Webhook(receiver));
        var refused = await RefusedAsync(
            scene.Client.UpdateConnectionAsync(Update(created.Name, new WebhookConnection { Url = "https://rest.example.com/hook" }, "webhook.url")), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { "connection.webhook.signing_secret" }));
    }

    private async Task<(Scene Scene, WebhookControl Receiver)> SetUpAsync()
    {
        var scene = await SetAsync();
        var receiver = new WebhookControl(new Uri($"http://{SandboxHost}/"), scene.Environment);
        await receiver.SetAsync(new WebhookSettings { Secret = Secret }, Token);
        return (scene, receiver);
    }

    private async Task AssertInvalidAsync(Action<WebhookConnection> change, string field)
    {
        var (scene, receiver) = await SetUpAsync();
        var request = scene.Request(Webhook(receiver));
        change(request.Connection.Webhook);
        Assert.That(FieldsOf(await RefusedAsync(scene.Client.CreateConnectionAsync(request), StatusCode.InvalidArgument)), Is.EqualTo(new[] { field }));
    }

    private static Action<CreateConnectionRequest> Webhook(WebhookControl receiver) =>
        request => request.Connection.Webhook = new WebhookConnection { Url = receiver.Url.AbsoluteUri, SigningSecret = Secret };

    private static async Task UpdateAsync(Scene scene, string name, WebhookConnection webhook, string path) => await scene.Client.UpdateConnectionAsync(Update(name, webhook, path));

    private static UpdateConnectionRequest Update(string name, WebhookConnection webhook, string path) =>
        new() { Connection = new Connection { Name = name, Webhook = webhook }, UpdateMask = new FieldMask { Paths = { path } } };

    private static async Task<string> AccountAsync(Scene scene, Connection connection) =>
        (await scene.Service("exports").DescribeConnectionAsync(new DescribeConnectionRequest { Name = connection.Name })).DestinationAccount;
}
