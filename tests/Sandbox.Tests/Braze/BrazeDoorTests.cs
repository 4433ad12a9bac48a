using System.Text;
using CustomerInsights.Sandbox.Braze.Controlling;

namespace CustomerInsights.Sandbox.Braze;

public sealed class BrazeDoorTests : SandboxFixture
{
    [Test]
    public async Task Unknown_key_is_echoed_in_a_401()
    {
        var answer = await SendAsync(HttpMethod.Post, "users/track", "{}", key: "wrong-key");
        Assert.That((answer.Status, answer.Quoted), Is.EqualTo((401, "{'message':'Invalid API key: wrong-key'}")));
    }

    [TestCase(null)]
    [TestCase("")]
    public async Task No_key_is_an_unknown_key(string? key) =>
        Assert.That((await SendAsync(HttpMethod.Post, "users/track", "{}", key)).Status, Is.EqualTo(401));

    [Test]
    public async Task Key_without_the_permission_is_a_403()
    {
        await Control.AllowKeyAsync("only-lists", Token, BrazePermissions.SegmentsList);
        var refused = await SendAsync(HttpMethod.Post, "users/track", "{'attributes':[{'external_id':'c-1'}]}", "only-lists");
        var allowed = await SendAsync(HttpMethod.Get, "segments/list?page=0", key: "only-lists");
        Assert.Multiple(() =>
        {
            Assert.That((refused.Status, refused.Message), Is.EqualTo((403, "Access Denied")));
            Assert.That(allowed.Status, Is.EqualTo(200));
        });
    }

    [Test]
    public async Task Revoked_key_is_unknown()
    {
        await Control.AllowKeyAsync("for-a-while", Token);
        await Control.RevokeKeyAsync("for-a-while", Token);
        Assert.That((await SendAsync(HttpMethod.Get, "segments/list", key: "for-a-while")).Status, Is.EqualTo(401));
    }

    [TestCase("POST", "users/trak")]
    [TestCase("POST", "users/track/")]
    [TestCase("GET", "users/track")]
    [TestCase("GET", "")]
    public async Task Wrong_path_or_method_is_a_404(string method, string path)
    {
        var answer = await SendAsync(new HttpMethod(method), path, method == "POST" ? "{}" : null);
        Assert.That((answer.Status, answer.Message), Is.EqualTo((404, "Invalid URL")));
    }

    [TestCase("text/plain", 415)]
    [TestCase("application/json-patch+json", 415)]
    [TestCase("application/json; charset=utf-8", 201)]
    public async Task Content_type_must_be_json(string contentType, int expected) =>
        Assert.That((await SendAsync(HttpMethod.Post, "users/track", "{'attributes':[{'external_id':'c-1'}]}", contentType: contentType)).Status, Is.EqualTo(expected));

    [Test]
    public async Task Body_of_four_megabytes_is_taken_and_one_byte_more_is_a_413()
    {
        const int Most = 4_000_000;
        var frame = "{'attributes':[{'external_id':'c-1'}],'x':''}";
        var largest = frame.Replace("''", $"'{new string('x', Most - frame.Length)}'", StringComparison.Ordinal);
        Assert.That(Encoding.UTF8.GetByteCount(largest), Is.EqualTo(Most));
        Assert.That((await TrackAsync(largest)).Status, Is.EqualTo(201));
        Assert.That((await TrackAsync(largest + " ")).Status, Is.EqualTo(413));
    }

    [Test]
    public async Task Body_without_announced_length_is_read_and_limited()
    {
        using var small = Chunked("{\"attributes\":[{\"external_id\":\"c-1\",\"name\":\"" + new string('x', 100_000) + "\"}]}");
        using var taken = await Client.SendAsync(small, Token);
        using var large = Chunked(new string(' ', 4_000_001));
        using var refused = await Client.SendAsync(large, Token);
        Assert.That(((int)taken.StatusCode, (int)refused.StatusCode), Is.EqualTo((201, 413)));
    }

    [Test]
    public async Task Workspaces_share_nothing()
    {
        using var other = new BrazeControl(Server.Address, "other");
        await other.AllowKeyAsync("other-key", Token);
        await SendAsync(HttpMethod.Post, "users/track", "{'attributes':[{'external_id':'c-1'}]}", "other-key");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await Control.FindUserAsync("c-1", Token), Is.Null);
            Assert.That(await other.FindUserAsync("c-1", Token), Is.Not.Null);
            Assert.That(await JournalAsync(), Is.Empty);
        });
    }

    [Test]
    public void Address_beyond_loopback_is_refused() => Assert.That(
        async () => await SandboxServer.StartAsync(new SandboxOptions { Listen = System.Net.IPEndPoint.Parse("0.0.0.0:0") }, Token),
        Throws.ArgumentException.With.Message.Contains("loopback only"));

    [Test]
    public async Task Ports_file_tells_the_port()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"ports-{Server.Address.Port}.json");
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { PortsFile = file }, Token);
        Assert.That(await File.ReadAllTextAsync(file, Token), Is.EqualTo($"{{\"http\":{server.Address.Port}}}"));
        File.Delete(file);
    }

    private static HttpRequestMessage Chunked(string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "users/track") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.Add("Authorization", $"Bearer {Key}");
        return request;
    }
}
