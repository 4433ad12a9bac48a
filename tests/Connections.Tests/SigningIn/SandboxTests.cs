using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>The flow against the stand-in that keeps the vendor's dialect, without a browser: see the end-to-end tests for one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class SandboxTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private SandboxServer _sandbox = null!;
    private MicrosoftAdvertisingControl _control = null!;
    private ServiceHarness _harness = null!;
    private AdvertisingScene _scene = null!;

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task StartAsync()
    {
        _sandbox = await SandboxServer.StartAsync(new SandboxOptions { Time = _clock }, Token);
        _control = new MicrosoftAdvertisingControl(_sandbox.Address);
        _harness = await ServiceHarness.StartAsync(
            new ConnectionsApp(),
            new HarnessOptions
            {
                Engine = Engine.Sqlite,
                Time = _clock,
                Fakes = [new FakeExports()],
                Adjust = (_, services) => AdvertisingFixture.LeaveAlone(services),
                Settings = new Dictionary<string, string?>
                {
                    ["Connections:AllowedSandboxHosts:0"] = _sandbox.Host,
                    ["Connections:MicrosoftAdvertising:ClientId"] = MicrosoftAdvertisingOptions.DefaultClientId,
                    ["Connections:MicrosoftAdvertising:ClientSecret"] = MicrosoftAdvertisingOptions.DefaultClientSecret,
                    ["Connections:MicrosoftAdvertising:DeveloperToken"] = MicrosoftAdvertisingOptions.DefaultDeveloperToken,
                    ["Connections:MicrosoftAdvertising:AuthorizeAddress"] = _control.AuthorizeAddress.AbsoluteUri,
                    ["Connections:MicrosoftAdvertising:TokenAddress"] = _control.TokenAddress.AbsoluteUri,
                    ["Connections:MicrosoftAdvertising:CustomerAddress"] = _control.CustomerAddress.AbsoluteUri,
                    ["Connections:MicrosoftAdvertising:CampaignAddress"] = _control.CampaignAddress.AbsoluteUri,
                },
            },
            Token);
        _scene = new AdvertisingScene(_harness, platform: null);
    }

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _harness.DisposeAsync();
        await _sandbox.DisposeAsync();
    }

    [Test]
    public async Task Sign_in_connect_two_days_of_strict_rotation_a_lost_answer_and_a_revoked_grant()
    {
        var created = await _scene.Client.CreateConnectionAsync(_scene.Request(await SignInAsync("accept")), cancellationToken: Token);
        Assert.That(created.MicrosoftAdvertising.Accounts.Single(), Is.EqualTo(new MicrosoftAdvertisingAccount
        {
            CustomerId = "1000001", AccountId = "2000001", Name = "Sandbox account", Status = "Active",
        }));

        // The platform's own habit first: the old token is good until its successor is used, so that a lost answer costs nothing.
        await _control.LoseNextTokenAnswerAsync(Token);
        await _scene.Worker.FetchCredentialAsync(_scene.Fetch(renew: true));
        await _control.SetAsync(new MicrosoftAdvertisingSettings { StrictRotation = true }, Token);
        for (var hour = 0; hour < 48; hour++)
        {
            _clock.Advance(TimeSpan.FromHours(1));
            var credential = (await _scene.Worker.FetchCredentialAsync(_scene.Fetch())).MicrosoftAdvertising;
            Assert.That(credential.ExpireTime.ToDateTimeOffset(), Is.GreaterThan(_clock.GetUtcNow()));
        }

        var verified = await _scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = _scene.Name });
        Assert.That(verified.Connection.State, Is.EqualTo(ConnectionState.Active));

        await _control.RevokeGrantsAsync(Token);
        var refused = Assert.ThrowsAsync<RpcException>(async () => await _scene.Worker.FetchCredentialAsync(_scene.Fetch(renew: true)))!;
        Assert.That((refused.StatusCode, refused.GetReason()), Is.EqualTo((StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION")));

        // The worker knows no more than that its token is refused; who has taken the grant back has to be told.
        await _scene.Worker.ReportRefusedCredentialAsync(new ReportRefusedCredentialRequest { Name = _scene.Name, Run = _scene.Fetch().Run, Reason = "CREDENTIAL_UNKNOWN" });
        var state = await _scene.Client.GetConnectionAsync(new GetConnectionRequest { Name = _scene.Name });
        Assert.That(state.StateReason, Does.Contain("does not hold any more").And.Contain("BeginSignIn"));
        var repaired = await _scene.Client.UpdateConnectionAsync(_scene.Update(await SignInAsync("accept")));
        Assert.That(repaired.State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task Declined_and_a_tenant_without_the_service()
    {
        var declined = await SignInAsync("cancel");
        Assert.That(declined.StateReason, Does.Contain("did not agree"));
        var refused = Assert.ThrowsAsync<RpcException>(async () => await _scene.Client.CreateConnectionAsync(_scene.Request(declined), cancellationToken: Token))!;
        Assert.That(refused.Status.Detail, Does.Contain("has failed. The person did not agree"));
        await _control.SetAsync(new MicrosoftAdvertisingSettings { ConsentError = "AADSTS650052: The app needs access to a service." }, Token);
        Assert.That((await SignInAsync("accept")).StateReason, Does.Contain("adds the service principal"));
    }

    private async Task<SignIn> SignInAsync(string decision)
    {
        var begun = await _scene.BeginAsync();
        using var browser = new TestBrowser();
        await browser.SignInAsync(begun.SignInUri, decision, MicrosoftAdvertisingOptions.DefaultUser, Token);
        return await _scene.GetAsync(begun);
    }
}
