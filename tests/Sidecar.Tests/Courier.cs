using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.Sidecar.Tests;

/// <summary>An answer of a sidecar's HTTP API.</summary>
internal sealed record Answer(int Status, string Body)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string? ErrorCode => (string?)Json["errorCode"];
}

/// <summary>Calls the HTTP API of a sidecar as an app does.</summary>
internal sealed class Courier(IRunningSidecar sidecar) : IDisposable
{
    public const string CloudEvents = "application/cloudevents+json";

    private readonly HttpClient _http = new() { BaseAddress = sidecar.HttpAddress };

    public string? Token { get; init; }

    /// <summary>Waits until the sidecar has found its app and subscribed.</summary>
    public Task WaitForSubscriptionsAsync(CancellationToken cancellationToken) => Eventually.TrueAsync(
        async () => (await GetAsync("/v1.0/metadata", cancellationToken)).Json["subscriptions"] is JsonArray { Count: > 0 },
        "the sidecar has subscribed",
        cancellationToken: cancellationToken);

    public Task<Answer> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <param name="target">Topic or pub/sub and topic, with metadata if any: "orders", "other/orders?metadata.rawPayload=true".</param>
    public Task<Answer> PublishAsync(string target, string body, string contentType, CancellationToken cancellationToken, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, $"/v1.0/publish/{(target.Split('?')[0].Contains('/', StringComparison.Ordinal) ? "" : "pubsub/")}{target}", Content(body, contentType), cancellationToken, headers);

    public Task<Answer> PublishManyAsync(string topic, string body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"/v1.0/publish/bulk/pubsub/{topic}", Content(body, "application/json"), cancellationToken);

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (Token is not null)
        {
            request.Headers.Add("dapr-api-token", Token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    public void Dispose() => _http.Dispose();

    private static ByteArrayContent Content(string body, string contentType)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = contentType.Length == 0 ? null : MediaTypeHeaderValue.Parse(contentType);
        return content;
    }
}
