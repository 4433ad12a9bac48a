using System.Net;
using CustomerInsights.Sandbox.Control;
using Microsoft.AspNetCore.WebUtilities;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

public sealed class SignInTests : MicrosoftAdvertisingFixture
{
    private readonly Dictionary<string, string?> _query = new()
    {
        ["client_id"] = "sandbox-client",
        ["response_type"] = "code",
        ["response_mode"] = "query",
        ["redirect_uri"] = RedirectUri,
        ["scope"] = "openid offline_access https://ads.microsoft.com/msads.manage",
        ["state"] = "state-1",
        ["code_challenge"] = Challenge,
        ["code_challenge_method"] = "S256",
        ["prompt"] = "select_account",
    };

    [Test]
    public async Task Person_accepts_and_the_code_becomes_tokens_that_open_the_api()
    {
        var page = await AskAsync();
        Assert.That(page.Text, Does.Contain("<form method=\"post\">").And.Contain("name=\"user\"").And.Contain("value=\"accept\"").And.Contain("value=\"cancel\""));
        var back = await DecideAsync();
        var answer = QueryHelpers.ParseQuery(back.Location!.Query);
        Assert.That((back.Status, back.Location.GetLeftPart(UriPartial.Path), answer["state"].ToString()), Is.EqualTo((302, RedirectUri, "state-1")));
        var tokens = await RedeemAsync(answer["code"]!);
        Assert.Multiple(() =>
        {
            Assert.That(tokens.Json.AsObject().Select(p => p.Key), Is.SupersetOf(new[] { "token_type", "scope", "expires_in", "access_token", "refresh_token" }));
            Assert.That((int)tokens.Json["expires_in"]!, Is.EqualTo(3_600));
        });
        AccessToken = (string)tokens.Json["access_token"]!;
        await AddListAsync();
    }

    [Test]
    public async Task Person_declines()
    {
        var answer = QueryHelpers.ParseQuery((await DecideAsync("cancel")).Location!.Query);
        Assert.That((answer["error"].ToString(), answer["state"].ToString(), answer.ContainsKey("code")), Is.EqualTo(("access_denied", "state-1", false)));
    }

    [Test]
    public async Task Unknown_person_is_asked_again()
    {
        var page = await DecideAsync(user: "<b>nobody");
        Assert.That((page.Status, page.Text.Contains("&lt;b&gt;nobody", StringComparison.Ordinal), page.Text.Contains("<b>", StringComparison.Ordinal)), Is.EqualTo((200, true, false)));
    }

    [TestCase("client_id", "other")]
    [TestCase("client_id", null)]
    [TestCase("redirect_uri", "not an address")]
    [TestCase("redirect_uri", null)]
    public async Task Without_a_trusted_way_back_the_person_is_told(string name, string? value)
    {
        _query[name] = value;
        Assert.That(((await AskAsync()).Status, (await DecideAsync()).Status), Is.EqualTo((400, 400)));
    }

    [TestCase("response_type", "token", "unsupported_response_type")]
    [TestCase("response_mode", "fragment", "invalid_request")]
    [TestCase("scope", "openid offline_access", "invalid_scope")]
    [TestCase("scope", "https://ads.microsoft.com/msads.manage", "invalid_scope")]
    [TestCase("state", null, "invalid_request")]
    [TestCase("code_challenge", null, "invalid_request")]
    [TestCase("code_challenge_method", "plain", "invalid_request")]
    public async Task Otherwise_the_application_is_told(string name, string? value, string error)
    {
        _query[name] = value;
        Assert.That(QueryHelpers.ParseQuery((await AskAsync()).Location!.Query)["error"].ToString(), Is.EqualTo(error));
    }

    [Test]
    public async Task Consent_that_the_tenant_does_not_allow()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { ConsentError = "AADSTS650052: no service principal" }, Token);
        var answer = QueryHelpers.ParseQuery((await DecideAsync()).Location!.Query);
        Assert.That((answer["error"].ToString(), answer["error_description"].ToString()), Is.EqualTo(("invalid_client", "AADSTS650052: no service principal")));
    }

    [Test]
    public async Task Code_is_good_once()
    {
        var code = await CodeAsync();
        Assert.That((await RedeemAsync(code)).Status, Is.EqualTo(200));
        Assert.That(await ErrorAsync(RedeemAsync(code)), Is.EqualTo("invalid_grant"));
    }

    [Test]
    public async Task Code_is_good_for_five_minutes()
    {
        var code = await CodeAsync();
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await ErrorAsync(RedeemAsync(code)), Is.EqualTo("invalid_grant"));
    }

    [TestCase("code_verifier", "another-verifier-that-is-long-enough-to-be-it", "invalid_grant")]
    [TestCase("redirect_uri", "http://127.0.0.1:9/other", "invalid_grant")]
    [TestCase("code_verifier", "", "invalid_request")]
    [TestCase("client_secret", "wrong", "invalid_client")]
    [TestCase("client_id", "other", "invalid_client")]
    [TestCase("grant_type", "password", "unsupported_grant_type")]
    public async Task Token_request_must_fit_the_sign_in(string name, string value, string error)
    {
        var code = await CodeAsync();
        Assert.That(await ErrorAsync(RedeemAsync(code, (name, value))), Is.EqualTo(error));
    }

    [Test]
    public async Task Refresh_token_lives_until_its_successor_is_used()
    {
        var first = (await Control.GrantAsync(Token)).RefreshToken;
        var second = (await RefreshAsync(first))!;
        Assert.That(await RefreshAsync(first), Is.Not.Null.And.Not.EqualTo(second), "the answer may have been lost");
        Assert.That(await RefreshAsync(second), Is.Not.Null);
        Assert.That(await RefreshAsync(first), Is.Null);
        Assert.That(await RefreshAsync(second), Is.Not.Null, "its own successor is not used yet");
    }

    [Test]
    public async Task Strict_rotation_kills_at_once()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { StrictRotation = true }, Token);
        var first = (await Control.GrantAsync(Token)).RefreshToken;
        Assert.That(await RefreshAsync(first), Is.Not.Null);
        Assert.That(await RefreshAsync(first), Is.Null);
    }

    [Test]
    public async Task Lost_answer_has_rotated_all_the_same()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { StrictRotation = true }, Token);
        var first = (await Control.GrantAsync(Token)).RefreshToken;
        await Control.LoseNextTokenAnswerAsync(Token);
        Assert.That(async () => await RefreshAsync(first), Throws.InstanceOf<HttpRequestException>());
        Assert.That(await RefreshAsync(first), Is.Null);
    }

    [Test]
    public async Task Tokens_expire_by_the_clock()
    {
        var refresh = (await Control.GrantAsync(Token)).RefreshToken;
        Clock.Advance(TimeSpan.FromSeconds(3_599));
        await AddListAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        var expired = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", "{'Type':'CustomerList'}");
        Assert.That((expired.Status, Codes(expired).Single()), Is.EqualTo((401, 109)));
        Clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(3_601));
        var next = (await RefreshAsync(refresh))!;
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await RefreshAsync(refresh), Is.Null);
        Assert.That(await RefreshAsync(next), Is.Not.Null);
    }

    [Test]
    public async Task Revoked_grant_gives_no_tokens_and_spares_others()
    {
        var mine = await Control.GrantAsync(Token);
        var other = await Control.GrantAsync(Token);
        await Control.RevokeGrantsAsync(Token, mine.GrantId);
        Assert.That(await RefreshAsync(mine.RefreshToken), Is.Null);
        Assert.That(await RefreshAsync(other.RefreshToken), Is.Not.Null);
    }

    [Test]
    public async Task Two_days_of_hourly_rotation()
    {
        var refresh = (await Control.GrantAsync(Token)).RefreshToken;
        for (var hour = 0; hour < 48; hour++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            refresh = await RefreshAsync(refresh) ?? throw new AssertionException($"refused in hour {hour}");
        }

        var counters = await Control.CountersAsync(Token);
        Assert.That(counters.RequestsByOperation[MicrosoftAdvertisingOperations.Token], Is.EqualTo(48));
    }

    [Test]
    public async Task Journal_never_keeps_tokens_codes_or_secrets()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { Journal = JournalMode.Bodies }, Token);
        var tokens = await RedeemAsync(await CodeAsync());
        var journal = await Client.GetStringAsync("sandbox/microsoft-advertising/journal", Token);
        Assert.That(journal, Does.Contain("\"Token\"").And.Not.Contain("sandbox-secret").And.Not.Contain("refresh-").And.Not.Contain("code-"));
        Assert.That(tokens.Status, Is.EqualTo(200));
    }

    private Task<Answer> AskAsync() => SendAsync(new HttpRequestMessage(HttpMethod.Get, Address()));

    private Task<Answer> DecideAsync(string decision = "accept", string user = MicrosoftAdvertisingOptions.DefaultUser) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, Address()) { Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = user, ["decision"] = decision }) });

    private string Address() => QueryHelpers.AddQueryString("identity/authorize", _query.Where(p => p.Value is not null));

    private async Task<string> CodeAsync() => QueryHelpers.ParseQuery((await DecideAsync()).Location!.Query)["code"]!;

    private Task<Answer> RedeemAsync(string code, params (string Name, string Value)[] changes) => TokenAsync(
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", RedirectUri), ("code_verifier", Verifier), .. changes]);

    private async Task<string?> RefreshAsync(string token)
    {
        var answer = await TokenAsync([("grant_type", "refresh_token"), ("refresh_token", token)]);
        Assert.That(answer.Status, Is.EqualTo((int)HttpStatusCode.OK).Or.EqualTo((int)HttpStatusCode.BadRequest));
        Assert.That(answer.Status == 200 || (string)answer.Json["error"]! == "invalid_grant", answer.Text);
        return (string?)answer.Json["refresh_token"];
    }

    private async Task<Answer> TokenAsync((string Name, string Value)[] fields)
    {
        var form = new Dictionary<string, string>
        {
            ["client_id"] = "sandbox-client", ["client_secret"] = "sandbox-secret", ["scope"] = "https://ads.microsoft.com/msads.manage offline_access",
        };
        foreach (var (name, value) in fields)
        {
            form[name] = value;
        }

        return await SendAsync(new HttpRequestMessage(HttpMethod.Post, "identity/token") { Content = new FormUrlEncodedContent(form) });
    }

    private static async Task<string> ErrorAsync(Task<Answer> asked)
    {
        var answer = await asked;
        Assert.That((string?)answer.Json["error_description"], Is.Not.Empty);
        return (string)answer.Json["error"]!;
    }
}
