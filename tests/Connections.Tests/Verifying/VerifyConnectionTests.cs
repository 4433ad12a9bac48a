using System.Net;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Verifying;

public sealed class VerifyConnectionTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Revoked_key_turns_the_connection_and_a_known_one_turns_it_back()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        await scene.Braze.RevokeKeyAsync(scene.Key, Token);
        var revoked = await VerifyAsync(scene);
        Assert.That((revoked.State, revoked.StateReason), Is.EqualTo((ConnectionState.NeedsAttention, revoked.StateReason)));
        Assert.That(revoked.StateReason, Does.Contain("does not know the key"));
        Assert.That(revoked.Etag, Is.Not.EqualTo(created.Etag));

        await scene.Braze.AllowKeyAsync(scene.Key, Token, "users.export.ids");
        Assert.That((await VerifyAsync(scene)).StateReason, Does.Contain("lacks a permission"));

        await scene.Braze.AllowKeyAsync(scene.Key, Token);
        Assert.That((await VerifyAsync(scene)).State, Is.EqualTo(ConnectionState.Active));
        Assert.That(await scene.AuditAsync(Token), Has.Some.EqualTo($"CONNECTION_VERIFIED {Scene.Admin} CREDENTIAL_UNKNOWN").And.Some.EqualTo($"CONNECTION_VERIFIED {Scene.Admin} "));
    }

    private static IEnumerable<TestCaseData> Unanswered()
    {
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.Status, Status = 500 }).SetArgDisplayNames("500");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.Status, Status = 429 }).SetArgDisplayNames("429");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.Status, Status = 302 }).SetArgDisplayNames("redirect");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.DropBefore }).SetArgDisplayNames("dropped");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.MalformedBody }).SetArgDisplayNames("malformed");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.EndlessBody }).SetArgDisplayNames("endless");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 60_000 }).SetArgDisplayNames("silent");
        yield return new TestCaseData(new FaultRule { Kind = FaultKind.SlowDrip, DelayMilliseconds = 1_000 }).SetArgDisplayNames("dripping");
    }

    [TestCaseSource(nameof(Unanswered))]
    public async Task Destination_that_does_not_answer_properly_says_nothing_of_the_key(FaultRule fault)
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        await scene.Braze.AddFaultAsync(fault, Token);
        await RefusedAsync(scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = created.Name }), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        Assert.That(await scene.GetAsync(), Is.EqualTo(created), "the state stays");
    }

    // The stand-in listens on loopback, so a name that led there would be answered.
    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("10.1.2.3")]
    [TestCase("169.254.169.254")]
    [TestCase("64:ff9b::7f00:1")]
    public async Task Real_host_that_leads_into_a_network_of_ones_own_is_not_called(string address)
    {
        var scene = await SetAsync();
        Resolved = [IPAddress.Parse(address)];
        var request = scene.Request(r => r.Connection.Braze.Host = "rest.iad-03.braze.com");
        var refused = await RefusedAsync(scene.Client.CreateConnectionAsync(request), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        Assert.That(refused.Status.Detail, Does.Not.Contain("braze.com").And.Not.Contain(address));
    }

    [Test]
    public async Task Host_that_is_not_allowed_any_more_is_not_called()
    {
        var scene = await SetAsync();
        var created = await scene.CreateAsync();
        await scene.ExecuteAsync("UPDATE connections SET host = '127.0.0.1:9' WHERE environment_id = @Environment", new { scene.Environment }, Token);
        await RefusedAsync(scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = created.Name }), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        var update = new UpdateConnectionRequest { Connection = new Connection { Name = created.Name, Braze = new BrazeConnection { ApiKey = scene.Key } }, UpdateMask = new FieldMask { Paths = { "braze.api_key" } } };
        await RefusedAsync(scene.Client.UpdateConnectionAsync(update), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
    }

    private static async Task<Connection> VerifyAsync(Scene scene) => (await scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = scene.Fetch().Name })).Connection;
}
