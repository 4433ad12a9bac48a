using System.Net;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.SigningIn;

internal sealed class SignInTests(Engine engine) : AdvertisingFixture(engine)
{
    [Test]
    public async Task From_the_link_to_a_connection_that_shows_its_accounts()
    {
        var begun = await Scene.BeginAsync();
        Assert.That((begun.State, begun.ExpireTime.ToDateTimeOffset() - Clock.GetUtcNow()), Is.EqualTo((SignInState.Pending, TimeSpan.FromMinutes(15))));
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        Assert.That(asked, Is.SupersetOf(new Dictionary<string, string>
        {
            ["client_id"] = ScriptedPlatform.ClientId,
            ["redirect_uri"] = $"{Harness.HttpAddress}/connections/sign-in-callback",
            ["response_type"] = "code",
            ["response_mode"] = "query",
            ["scope"] = "https://ads.microsoft.com/msads.manage offline_access",
            ["code_challenge_method"] = "S256",
            ["prompt"] = "select_account",
        }));
        using var answer = await browser.ReturnAsync(asked, Token, ("code", Platform.Consent(asked["code_challenge"])));
        Assert.That(await answer.Content.ReadAsStringAsync(Token), Does.Contain("<h1>Signed in</h1>"));

        var signedIn = await Scene.GetAsync(begun);
        Assert.That((signedIn.State, signedIn.StateReason, signedIn.SignInUri), Is.EqualTo((SignInState.Completed, "", "")));
        var created = await Scene.Client.CreateConnectionAsync(Scene.Request(signedIn));
        Assert.That(created.State, Is.EqualTo(ConnectionState.Active));
        Assert.That(created.MicrosoftAdvertising, Is.EqualTo(new MicrosoftAdvertisingConnection
        {
            CustomerMatchTermsAccepted = true,
            TermsAcceptedBy = AdvertisingScene.Admin,
            TermsAcceptTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(Clock.GetUtcNow()),
            Accounts = { new MicrosoftAdvertisingAccount { CustomerId = "1000001", AccountId = "2000001", Name = "Shop", Status = "Active" } },
        }));
        Assert.That(await Scene.ConnectionAsync(), Is.EqualTo(created));
        await RefusedAsync(Scene.Client.GetSignInAsync(new GetSignInRequest { Name = begun.Name }), StatusCode.NotFound);
        Assert.That(await Scene.QueryAsync("SELECT action FROM audit WHERE environment_id = @Environment", Token), Does.Contain("TERMS_CONFIRMED"));

        var credential = await Scene.Worker.FetchCredentialAsync(Scene.Fetch());
        Assert.That(Platform.IsValid(credential.MicrosoftAdvertising.AccessToken));
        Assert.That(credential.MicrosoftAdvertising.DeveloperToken, Is.EqualTo(ScriptedPlatform.DeveloperToken));
        Assert.That(credential.MicrosoftAdvertising.ExpireTime.ToDateTimeOffset(), Is.GreaterThan(Clock.GetUtcNow()));
        var summary = await Harness.ClientOf<CredentialService.CredentialServiceClient>("service:exports").DescribeConnectionAsync(new DescribeConnectionRequest { Name = Scene.Name });
        Assert.That((credential.DestinationAccount, credential.ExportUser), Is.EqualTo((summary.DestinationAccount, AdvertisingScene.Admin)));
        Assert.That(summary.MicrosoftAdvertisingAccounts.Select(account => (account.CustomerId, account.AccountId)), Is.EqualTo(new[] { ("1000001", "2000001") }));
        Assert.That(credential.DestinationAccount, Does.Match("^microsoft-advertising-[0-9a-f]{16}$"));
    }

    // A page of accounts, with everything that is told of each, was once taken for no answer.
    [Test]
    public async Task A_person_may_reach_many_accounts()
    {
        var told = new string('x', 2_000);
        Platform.Accounts = $"[{string.Join(',', Enumerable.Range(0, 100).Select(number => $$"""{"Id":"{{2_000_000 + number}}","ParentCustomerId":"1000001","Name":"Shop","AccountLifeCycleStatus":"Active","TaxInformation":"{{told}}"}"""))}]";
        var connection = await Scene.ConnectAsync(Token);
        Assert.That(connection.MicrosoftAdvertising.Accounts, Has.Count.EqualTo(100));
    }

    [Test]
    public async Task Pages_are_locked_down_and_the_cookie_goes_to_the_return_only()
    {
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        using var link = await browser.GetAsync(begun.SignInUri, Token);
        var cookie = link.Headers.GetValues("Set-Cookie").Single();
        Assert.That(cookie, Does.Match("^sign-in-[0-9a-f]{32}=[A-Za-z0-9_-]{43}; max-age=900; path=/connections/sign-in-callback; samesite=lax; httponly$"));
        using var page = await browser.GetAsync($"{Harness.HttpAddress}/connections/sign-in-callback", Token);
        foreach (var answer in new[] { link, page })
        {
            Assert.That(answer.Headers.GetValues("Content-Security-Policy").Single(), Does.StartWith("default-src 'none'"));
            Assert.That(answer.Headers.GetValues("Referrer-Policy").Single(), Is.EqualTo("no-referrer"));
            Assert.That(answer.Headers.CacheControl!.NoStore, Is.True);
        }
    }

    [Test]
    public async Task The_link_works_once_and_not_when_it_has_expired()
    {
        var (begun, late) = (await Scene.BeginAsync(), await Scene.BeginAsync());
        using var browser = new TestBrowser();
        await browser.FollowAsync(begun.SignInUri, Token);
        Assert.That(await StatusAsync(browser, begun.SignInUri), Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(await StatusAsync(browser, $"{Harness.HttpAddress}/connections/sign-in/nonsense"), Is.EqualTo(HttpStatusCode.NotFound));
        Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.That(await StatusAsync(browser, late.SignInUri), Is.EqualTo(HttpStatusCode.NotFound));
        await RefusedAsync(Scene.Client.GetSignInAsync(new GetSignInRequest { Name = begun.Name }), StatusCode.NotFound);
    }

    [Test]
    public async Task Only_the_browser_that_followed_the_link_may_bring_the_code_and_only_once()
    {
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        using var other = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        await other.FollowAsync((await Scene.BeginAsync()).SignInUri, Token);
        var code = Platform.Consent(asked["code_challenge"]);

        Assert.That(await ReturnAsync(other, asked, code), Is.EqualTo(HttpStatusCode.BadRequest), "another browser");
        Assert.That(await ReturnAsync(browser, new Dictionary<string, string>(asked) { ["state"] = "guessed" }, code), Is.EqualTo(HttpStatusCode.BadRequest), "another state");
        Assert.That(await ReturnAsync(browser, new Dictionary<string, string>(asked) { ["state"] = "" }, code), Is.EqualTo(HttpStatusCode.BadRequest), "no state");
        Assert.That((await Scene.GetAsync(begun)).State, Is.EqualTo(SignInState.Pending), "nobody else can spoil it");
        Assert.That(Platform.TokenRequests, Is.Empty);
        Assert.That(await ReturnAsync(browser, asked, code), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await ReturnAsync(browser, asked, code), Is.EqualTo(HttpStatusCode.BadRequest), "once");
        Assert.That((await Scene.GetAsync(begun)).State, Is.EqualTo(SignInState.Completed));
    }

    [Test]
    public async Task A_return_after_the_expiry_leads_nowhere()
    {
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.That(await ReturnAsync(browser, asked, Platform.Consent(asked["code_challenge"])), Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(Platform.TokenRequests, Is.Empty);
    }

    [TestCase("access_denied", "AADSTS65004: canary-error-text", "did not agree")]
    [TestCase("access_denied", "AADSTS650052: canary-error-text", "d42ffc93-c136-491d-b4fd-6f18168c68fd")]
    [TestCase("server_error", "canary-error-text", "refused the sign-in")]
    public async Task An_error_becomes_a_remedy_and_its_words_go_nowhere(string error, string description, string remedy)
    {
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        using var answer = await browser.ReturnAsync(asked, Token, ("error", error), ("error_description", description));
        var failed = await Scene.GetAsync(begun);
        Assert.That((failed.State, failed.StateReason), Is.EqualTo((SignInState.Failed, failed.StateReason)));
        Assert.That(failed.StateReason, Does.Contain(remedy));
        Assert.That(await answer.Content.ReadAsStringAsync(Token), Does.Contain("Not signed in").And.Not.Contain("canary"));
        Assert.That(await Scene.QueryAsync("SELECT reason || verifier FROM sign_ins WHERE environment_id = @Environment", Token), Has.None.Contains("canary"));
        await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(failed)), StatusCode.InvalidArgument);
    }

    [TestCase("invalid_grant", "AADSTS54005", 400, "refused the sign-in")]
    [TestCase("invalid_client", "AADSTS7000215", 401, "ClientSecret")]
    [TestCase("invalid_request", "AADSTS650052", 400, "service principal")]
    [TestCase("temporarily_unavailable", "", 503, "could not be reached")]
    public async Task A_code_that_is_not_exchanged_becomes_a_remedy(string error, string description, int status, string remedy)
    {
        Platform.Before = _ => ScriptedPlatform.Error(error, description, status);
        var begun = await Scene.BeginAsync();
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, Token);
        await ReturnAsync(browser, asked, Platform.Consent(asked["code_challenge"]));
        Assert.That((await Scene.GetAsync(begun)).StateReason, Does.Contain(remedy));
    }

    [Test]
    public async Task A_sign_in_serves_its_own_person_and_environment_once_it_is_completed()
    {
        var pending = await Scene.BeginAsync();
        var completed = await Scene.SignInAsync(Token);
        var elsewhere = await new AdvertisingScene(Harness, Platform).SignInAsync(Token);
        var other = Harness.ClientOf<ConnectionService.ConnectionServiceClient>(AdvertisingScene.OtherAdmin);
        var waiting = await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(pending)), StatusCode.InvalidArgument);
        Assert.That(waiting.Status.Detail, Does.Contain("sign_in_uri"));
        await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(elsewhere)), StatusCode.InvalidArgument);
        await RefusedAsync(other.CreateConnectionAsync(Scene.Request(completed)), StatusCode.InvalidArgument);
        await RefusedAsync(other.GetSignInAsync(new GetSignInRequest { Name = completed.Name }), StatusCode.NotFound);
        await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(completed, r => r.Connection.MicrosoftAdvertising.CustomerMatchTermsAccepted = false)), StatusCode.InvalidArgument);

        await Scene.Client.CreateConnectionAsync(Scene.Request(completed, r => r.ValidateOnly = true));
        var created = await Scene.Client.CreateConnectionAsync(Scene.Request(completed, r => r.RequestId = "once"));
        Assert.That(await Scene.Client.CreateConnectionAsync(Scene.Request(completed, r => r.RequestId = "once")), Is.EqualTo(created), "a repeat is answered alike");
        await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(completed, r => (r.ConnectionId, r.Connection.DisplayName) = ("again", "Again"))), StatusCode.InvalidArgument);
    }

    [Test]
    public async Task A_grant_that_reaches_no_account_connects_nothing()
    {
        var completed = await Scene.SignInAsync(Token);
        Platform.Accounts = "[]";
        var refused = await RefusedAsync(Scene.Client.CreateConnectionAsync(Scene.Request(completed)), StatusCode.FailedPrecondition, "CREDENTIAL_FORBIDDEN");
        Assert.That(refused.Status.Detail, Does.Contain("or to any"));
    }

    [Test]
    public async Task What_expires_is_removed_with_its_grant_and_connections_keep_theirs()
    {
        await Scene.ConnectAsync(Token);
        await Scene.SignInAsync(Token);
        await Scene.BeginAsync();
        Assert.That((await CountAsync("sign_ins"), await CountAsync("grants")), Is.EqualTo((2, 2)));
        await Eventually.TrueAsync(
            async () =>
            {
                Clock.Advance(TimeSpan.FromMinutes(6));
                return await CountAsync("sign_ins") == 0;
            },
            "expired sign-ins are removed");
        Assert.That(await CountAsync("grants"), Is.EqualTo(1));
        await Scene.Worker.FetchCredentialAsync(Scene.Fetch());
    }

    private async Task<int> CountAsync(string table) =>
        int.Parse((await Scene.QueryAsync($"SELECT CAST(COUNT(*) AS TEXT) FROM {Identifier.Quote(table)}", Token)).Single(), System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<HttpStatusCode> StatusAsync(TestBrowser browser, string address)
    {
        using var answer = await browser.GetAsync(address, Token);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> ReturnAsync(TestBrowser browser, IReadOnlyDictionary<string, string> asked, string code)
    {
        using var answer = await browser.ReturnAsync(asked, Token, ("code", code));
        return answer.StatusCode;
    }
}
