using CustomerInsights.Connections;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Playwright;

namespace CustomerInsights.EndToEnd.SigningIn;

/// <summary>A person signs in at Microsoft Advertising in a real browser (MSA-2): our link, the service's page, our page.</summary>
public sealed class BrowserTests
{
    // Where Debian puts it; eng/browser.sh installs it.
    private const string Chromium = "/usr/bin/chromium";
    private const string Admin = "user:ada";

    private readonly string _environment = Some.EnvironmentId();
    private SandboxServer _sandbox = null!;
    private MicrosoftAdvertisingControl _control = null!;
    private ServiceHarness _harness = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    private ConnectionService.ConnectionServiceClient Client => _harness.ClientOf<ConnectionService.ConnectionServiceClient>(Admin);

    [OneTimeSetUp]
    public async Task SetUp()
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        _sandbox = await SandboxServer.StartAsync(new SandboxOptions(), cancellationToken);
        _control = new MicrosoftAdvertisingControl(_sandbox.Address);
        _harness = await ServiceHarness.StartAsync(new ConnectionsApp(), new HarnessOptions { Settings = Settings() }, cancellationToken);
        _harness.Roles.Assign(_environment, Admin, Role.Administrator);
        _playwright = await Playwright.CreateAsync();

        // Everything it opens is on this machine; and whoever runs tests as root has no sandbox to offer.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Headless = true, ChromiumSandbox = false });
    }

    [OneTimeTearDown]
    public async Task TearDown()
    {
        await (_browser?.DisposeAsync() ?? ValueTask.CompletedTask);
        _playwright?.Dispose();
        await (_harness?.DisposeAsync() ?? ValueTask.CompletedTask);
        _control?.Dispose();
        await (_sandbox?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task Signing_in_and_agreeing_leads_back_to_a_connection(CancellationToken cancellationToken)
    {
        var begun = await BeginAsync(cancellationToken);
        await using var context = await _browser.NewContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(begun.SignInUri);
        Assert.That(page.Url, Does.StartWith(_control.AuthorizeAddress.AbsoluteUri), "our link leads to the service");
        await page.FillAsync("#user", "nobody@example.com");
        await page.ClickAsync("#accept");
        Assert.That(await page.TextContentAsync("#problem"), Does.Contain("no such user"));
        await page.FillAsync("#user", MicrosoftAdvertisingOptions.DefaultUser);
        await page.ClickAsync("#accept");

        Assert.That(page.Url, Does.StartWith($"{_harness.HttpAddress}/connections/sign-in-callback"));
        Assert.That(await page.TextContentAsync("h1"), Is.EqualTo("Signed in"));
        Assert.That(await page.EvaluateAsync<string>("document.cookie"), Is.Empty, "no script sees the cookie");
        var signedIn = await GetAsync(begun, cancellationToken);
        Assert.That(signedIn.State, Is.EqualTo(SignInState.Completed));

        var again = await page.ReloadAsync();
        Assert.That((again!.Status, await page.TextContentAsync("h1")), Is.EqualTo((400, "No sign-in is waiting")), "the answer counts once");

        var created = await Client.CreateConnectionAsync(
            new CreateConnectionRequest
            {
                Parent = begun.Name[..begun.Name.IndexOf("/signIns/", StringComparison.Ordinal)],
                ConnectionId = "ads",
                Connection = new Connection
                {
                    DisplayName = "Ads",
                    MicrosoftAdvertising = new MicrosoftAdvertisingConnection { SignIn = begun.Name, CustomerMatchTermsAccepted = true },
                    Consent = new Consent { StatementVersion = "2026-11", Agreed = true },
                },
            },
            cancellationToken: cancellationToken);
        Assert.That(created.MicrosoftAdvertising.Accounts.Select(account => account.AccountId), Is.EqualTo(new[] { "2000001" }));
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task Declining_leads_back_with_a_remedy(CancellationToken cancellationToken)
    {
        var begun = await BeginAsync(cancellationToken);
        await using var context = await _browser.NewContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(begun.SignInUri);
        await page.FillAsync("#user", MicrosoftAdvertisingOptions.DefaultUser);
        await page.ClickAsync("#cancel");

        Assert.That(await page.TextContentAsync("h1"), Is.EqualTo("Not signed in"));
        var failed = await GetAsync(begun, cancellationToken);
        Assert.That((failed.State, failed.StateReason), Is.EqualTo((SignInState.Failed, "The person did not agree. Begin another sign-in and agree to what is asked.")));
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task Another_browser_cannot_bring_the_answer(CancellationToken cancellationToken)
    {
        var begun = await BeginAsync(cancellationToken);
        await using var first = await _browser.NewContextAsync();
        await using var second = await _browser.NewContextAsync();
        var page = await first.NewPageAsync();
        await page.GotoAsync(begun.SignInUri);
        var service = page.Url;

        // Whoever lures somebody else to the service's page must not end up with that person's grant.
        var lured = await second.NewPageAsync();
        await lured.GotoAsync(service);
        await lured.FillAsync("#user", MicrosoftAdvertisingOptions.DefaultUser);
        await lured.ClickAsync("#accept");
        Assert.That(await lured.TextContentAsync("h1"), Is.EqualTo("Another browser"));
        Assert.That((await GetAsync(begun, cancellationToken)).State, Is.EqualTo(SignInState.Pending));
    }

    private Dictionary<string, string?> Settings() => new()
    {
        ["Connections:AllowedSandboxHosts:0"] = _sandbox.Host,
        ["Connections:MicrosoftAdvertising:ClientId"] = MicrosoftAdvertisingOptions.DefaultClientId,
        ["Connections:MicrosoftAdvertising:ClientSecret"] = MicrosoftAdvertisingOptions.DefaultClientSecret,
        ["Connections:MicrosoftAdvertising:DeveloperToken"] = MicrosoftAdvertisingOptions.DefaultDeveloperToken,
        ["Connections:MicrosoftAdvertising:AuthorizeAddress"] = _control.AuthorizeAddress.AbsoluteUri,
        ["Connections:MicrosoftAdvertising:TokenAddress"] = _control.TokenAddress.AbsoluteUri,
        ["Connections:MicrosoftAdvertising:CustomerAddress"] = _control.CustomerAddress.AbsoluteUri,
        ["Connections:MicrosoftAdvertising:CampaignAddress"] = _control.CampaignAddress.AbsoluteUri,
    };

    private async Task<SignIn> BeginAsync(CancellationToken cancellationToken) => await Client.BeginSignInAsync(
        new BeginSignInRequest { Parent = $"environments/{_environment}", Service = SignInService.MicrosoftAdvertising }, cancellationToken: cancellationToken);

    private async Task<SignIn> GetAsync(SignIn signIn, CancellationToken cancellationToken) =>
        await Client.GetSignInAsync(new GetSignInRequest { Name = signIn.Name }, cancellationToken: cancellationToken);
}
