using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.Webhook.Controlling;

namespace CustomerInsights.Sandbox.Webhook;

public sealed class WebhookDoorTests : SandboxFixture
{
    private const string LinesOfJson = "application/x-ndjson";
    private const string SandboxSecret = "sandbox-signing-secret";
    private WebhookControl _receiver = null!;

    [SetUp]
    public void Open() => _receiver = new WebhookControl(Server.Address);

    [TearDown]
    public void Close() => _receiver.Dispose();

    [Test]
    public async Task Lines_say_how_members_are_now_and_repeating_them_is_harmless()
    {
        const string Joined = "{'op':'add','audience':'a','key':'k1','fields':{'n':1}}\n{'op':'add','audience':'a','key':'k2','fields':{}}\n";
        await TakenAsync(Joined);
        await TakenAsync(Joined);
        await TakenAsync("{'op':'change','audience':'a','key':'k1','fields':{'n':2}}\n{'op':'change','audience':'b','key':'k1','fields':{}}\n");
        await TakenAsync("{'op':'remove','audience':'a','key':'k2'}\n{'op':'remove','audience':'a','key':'nobody'}\n");
        Assert.That(await MembersAsync(), Is.EqualTo("a k1 {'n':2}; b k1 {}"));
        Assert.That((await _receiver.JournalAsync(Token)).Select(request => request.Lines), Is.EqualTo(new[] { 2, 2, 2, 2 }));
        await _receiver.ResetAsync(Token);
        Assert.That((await MembersAsync(), (await _receiver.JournalAsync(Token)).Count), Is.EqualTo(("", 0)));
    }

    [Test]
    public async Task A_ping_is_a_delivery_without_lines() => await TakenAsync("");

    [TestCase(300, ExpectedResult = 200)]
    [TestCase(-300, ExpectedResult = 200)]
    [TestCase(301, ExpectedResult = 401)]
    [TestCase(-301, ExpectedResult = 401)]
    public async Task<int> A_request_is_taken_for_five_minutes(int secondsAgo) => (int)(await SendAsync("", new Signing(SecondsAgo: secondsAgo))).StatusCode;

    [TestCase("wrong-secret-of-a-test", null, ExpectedResult = 401)]
    [TestCase(null, "v1=", ExpectedResult = 401)]
    [TestCase(null, "", ExpectedResult = 401)]
    [TestCase(null, "v1=zz", ExpectedResult = 401)]
    [TestCase(null, null, ExpectedResult = 200)]
    public async Task<int> A_request_has_to_be_signed(string? secret, string? signature) => (int)(await SendAsync("", new Signing(Secret: secret ?? SandboxSecret, Signature: signature))).StatusCode;

    [Test]
    public async Task A_signature_is_for_one_body_and_one_receiver()
    {
        Assert.That((await SendAsync("{}\n", new Signing(Body: "{} \n"))).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        using var other = new WebhookControl(Server.Address, "other");
        await other.SetAsync(new WebhookSettings { Secret = "another-secret-of-a-test" }, Token);
        Assert.That((await SendAsync("", path: other.Url.AbsolutePath)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await SendAsync("", new Signing(Secret: "another-secret-of-a-test"), other.Url.AbsolutePath)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("nothing")]
    [TestCase("{'op':'add','audience':'a','key':'k'}")]
    [TestCase("{'op':'add','audience':'a','fields':{}}")]
    [TestCase("{'op':'add','key':'k','fields':{}}")]
    [TestCase("{'op':'grow','audience':'a','key':'k','fields':{}}")]
    [TestCase("{'op':'remove','audience':'a','key':'k','fields':{}}")]
    [TestCase("{'op':'remove','audience':'a','key':''}")]
    public async Task A_line_that_is_none_is_rejected_by_its_number(string line)
    {
        using var answer = await SendAsync($"{{'op':'add','audience':'a','key':'good','fields':{{}}}}\n{line}\n");
        Assert.That(await answer.Content.ReadAsStringAsync(Token), Is.EqualTo("""{"rejected":[{"line":1,"reason":"field_invalid"}]}"""));
        Assert.That(await MembersAsync(), Is.EqualTo("a good {}"));
    }

    [Test]
    public async Task Faults_reject_keys_by_number_or_without_saying_which()
    {
        const string Lines = "{'op':'add','audience':'a','key':'k1','fields':{}}\n{'op':'add','audience':'a','key':'k2','fields':{}}\n";
        await _receiver.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, ExternalIds = ["k2"], Reason = "blocked", Count = 1 }, Token);
        await _receiver.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, ExternalIds = ["k1"], Indexed = false, Reason = "blocked", Skip = 1 }, Token);
        using var named = await SendAsync(Lines);
        using var unnamed = await SendAsync(Lines);
        Assert.That(await named.Content.ReadAsStringAsync(Token), Is.EqualTo("""{"rejected":[{"line":1,"reason":"blocked"}]}"""));
        Assert.That(await unnamed.Content.ReadAsStringAsync(Token), Is.EqualTo("""{"rejected":[{"reason":"blocked"}]}"""));
    }

    [TestCase(429, false, "")]
    [TestCase(503, true, "a k {}")]
    public async Task An_injected_status_takes_effect_only_when_it_shall(int status, bool commit, string members)
    {
        await _receiver.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = status, Commit = commit, RetryAfterSeconds = 7 }, Token);
        using var answer = await SendAsync("{'op':'add','audience':'a','key':'k','fields':{}}\n");
        Assert.That(((int)answer.StatusCode, answer.Headers.RetryAfter?.Delta?.TotalSeconds), Is.EqualTo((status, status == 429 ? 7 : (double?)null)));
        Assert.That(await MembersAsync(), Is.EqualTo(members));
        await _receiver.ClearFaultsAsync(Token);
        await TakenAsync("");
    }

    [Test]
    public async Task Only_posts_of_lines_up_to_a_size_are_taken()
    {
        using var get = await Client.GetAsync(new Uri("webhook/main", UriKind.Relative), Token);
        Assert.That(get.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That((await SendAsync("{}", contentType: "application/json")).StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
        Assert.That((await SendAsync(new string(' ', (1024 * 1024) + 1))).StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
    }

    private async Task TakenAsync(string lines)
    {
        using var answer = await SendAsync(lines);
        Assert.That(await answer.Content.ReadAsStringAsync(Token), Is.EqualTo("""{"rejected":[]}"""));
    }

    private async Task<string> MembersAsync() => string.Join(
        "; ", (await _receiver.MembersAsync(Token)).Select(member => $"{member.Audience} {member.Key} {member.Fields.ToJsonString().Replace('"', '\'')}"));

    private async Task<HttpResponseMessage> SendAsync(
        string lines, Signing? signing = null, string path = "/webhook/main", string contentType = LinesOfJson)
    {
        var (secondsAgo, secret, signature, signedBody) = signing ?? new Signing();
        var body = lines.Replace('\'', '"');
        var timestamp = (Clock.GetUtcNow().ToUnixTimeSeconds() - secondsAgo).ToString(CultureInfo.InvariantCulture);
        var signed = Encoding.UTF8.GetBytes($"{timestamp}.{signedBody ?? body}");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Server.Address, path)) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.Add("CustomerInsights-Timestamp", timestamp);
        request.Headers.Add(
            "CustomerInsights-Signature", signature ?? $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}");
        return await Client.SendAsync(request, Token);
    }

    /// <summary>How a request is signed.</summary>
    /// <param name="Signature">Null for the right one.</param>
    /// <param name="Body">What is signed; null for what is sent.</param>
    private sealed record Signing(int SecondsAgo = 0, string Secret = SandboxSecret, string? Signature = null, string? Body = null);
}
