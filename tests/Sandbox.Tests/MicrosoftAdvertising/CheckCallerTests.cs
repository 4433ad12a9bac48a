namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

public sealed class CheckCallerTests : MicrosoftAdvertisingFixture
{
    private const string Query = "{'Type':'CustomerList'}";

    [Test]
    public async Task Wrong_headers_are_told_apart()
    {
        var (token, seen) = (AccessToken, new List<(int, int)>());
        AccessToken = "";
        seen.Add(await AskAsync());
        AccessToken = "unknown";
        seen.Add(await AskAsync());
        (AccessToken, DeveloperToken) = (token, "other");
        seen.Add(await AskAsync());
        (DeveloperToken, CustomerId) = (MicrosoftAdvertisingOptions.DefaultDeveloperToken, null);
        seen.Add(await AskAsync());
        CustomerId = "1000002";
        seen.Add(await AskAsync());
        (CustomerId, AccountId) = ("1000001", "2000002");
        seen.Add(await AskAsync());
        Assert.That(seen, Is.EqualTo(new[] { (400, 116), (401, 105), (401, 105), (400, 116), (403, 106), (403, 106) }));
    }

    [Test]
    public async Task Account_that_the_user_does_not_reach_is_106()
    {
        await Control.DefineAccountAsync(new AdAccount { CustomerId = 1_000_001, AccountId = 2_000_002 }, Token);
        AccountId = "2000002";
        Assert.That(await AskAsync(), Is.EqualTo((403, 106)));
    }

    [Test]
    public async Task What_is_wrong_with_the_caller_has_a_body_of_its_own()
    {
        await Control.ExpireAccessTokensAsync(Token);
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", Query);
        Assert.That(answer.Text, Is.EqualTo(
            $"{{\"TrackingId\":\"{answer.TrackingId}\",\"Type\":\"AdApiFaultDetail\",\"Errors\":[{{\"Code\":109,\"Detail\":null,\"ErrorCode\":\"AuthenticationTokenExpired\",\"Message\":\"Authentication token expired. Please renew it or obtain a new token.\"}}]}}"));
    }

    [Test]
    public async Task Calls_of_a_minute_are_counted_in_a_window_that_slides()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { CallsPerMinute = 2 }, Token);
        var seen = new List<int> { (await AskAsync()).Status };
        Clock.Advance(TimeSpan.FromSeconds(30));
        seen.Add((await AskAsync()).Status);
        var refused = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", Query);
        Clock.Advance(TimeSpan.FromSeconds(30));
        seen.Add((await AskAsync()).Status);
        seen.Add((await AskAsync()).Status);
        Assert.Multiple(() =>
        {
            Assert.That(seen, Is.EqualTo(new[] { 200, 200, 200, 429 }));
            Assert.That((string)refused.Json["Type"]!, Is.EqualTo("ApiFaultDetail"));
            Assert.That(Codes(refused), Is.EqualTo(new[] { 117 }));
        });
    }

    [Test]
    public async Task Unknown_paths_and_methods_are_404()
    {
        Assert.That((await CampaignAsync(HttpMethod.Post, "Campaigns", "{}")).Status, Is.EqualTo(404));
        Assert.That((await CampaignAsync(HttpMethod.Patch, "Audiences", "{}")).Status, Is.EqualTo(404));
    }

    private async Task<(int Status, int Code)> AskAsync()
    {
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", Query);
        return (answer.Status, Codes(answer).FirstOrDefault());
    }
}
