using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CustomerInsights.Sandbox.Braze.Controlling;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.TestKit;

namespace CustomerInsights.Sandbox;

/// <summary>A running sandbox of its own for each test, with a clock that stands still.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public abstract class SandboxFixture
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    protected const string Key = SandboxOptions.DefaultBrazeKey;

    protected ManualTimeProvider Clock { get; } = new();

    protected SandboxServer Server { get; private set; } = null!;

    protected HttpClient Client { get; private set; } = null!;

    internal BrazeControl Control { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task StartAsync()
    {
        Server = await SandboxServer.StartAsync(new SandboxOptions { Time = Clock, Seed = 7 }, Token);
        Client = new HttpClient { BaseAddress = Server.Address, Timeout = TimeSpan.FromSeconds(20) };
        Control = new BrazeControl(Server.Address);
    }

    [TearDown]
    public async Task StopAsync()
    {
        Control.Dispose();
        Client.Dispose();
        await Server.DisposeAsync();
    }

    protected Task<Answer> TrackAsync(string body) => SendAsync(HttpMethod.Post, "users/track", body);

    /// <summary>Tracks one object made of single-quoted JSON.</summary>
    protected async Task TrackOneAsync(string attributes)
    {
        var answer = await TrackAsync($"{{'attributes':[{attributes}]}}");
        Assert.That(answer.Status, Is.EqualTo(201), answer.Text);
    }

    /// <summary>Sends single-quoted JSON.</summary>
    protected async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string? key = Key, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.Replace('\'', '"')));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var response = await Client.SendAsync(request, Token);
        var headers = response.Headers.ToDictionary(h => h.Key, h => h.Value.Single(), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Token), headers);
    }

    protected Task<FaultRule> InjectAsync(FaultRule rule) => Control.AddFaultAsync(rule, Token);

    /// <summary>The attributes of a user as JSON text with single quotes; null when there is no such user.</summary>
    protected async Task<string?> AttributesOfAsync(string externalId) => Show(await Control.FindUserAsync(externalId, Token));

    protected static string? Show(SandboxUser? user) =>
        user is null ? null : "{" + string.Join(",", user.Attributes.Select(a => $"'{a.Key}':{Spell(a.Value).Replace('"', '\'')}")) + "}";

    private static string Spell(JsonElement value) => JsonSerializer.Serialize(value, Relaxed);

    protected async Task<List<JournalRecord>> JournalAsync(long after = 0) => await Control.JournalAsync(after, Token).ToListAsync(Token);

    protected sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
    {
        /// <summary>The body with single quotes instead of double ones.</summary>
        public string Quoted => Text.Replace('"', '\u0001').Replace('\'', '"').Replace('\u0001', '\'');

        public JsonNode Json => JsonNode.Parse(Text)!;

        public string Message => (string)Json["message"]!;
    }
}
