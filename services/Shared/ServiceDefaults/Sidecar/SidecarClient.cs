using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Transports;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>The HTTP API of the Dapr sidecar: https://docs.dapr.io/reference/api/. It is next door, but its answers are checked like anybody's.</summary>
internal sealed class SidecarClient : IDisposable
{
    /// <summary>Of an answer; more of it is not looked at.</summary>
    private const int MaxAnswer = 1024 * 1024;
    private const int MaxErrorCode = 64;
    private const string TokenHeader = "dapr-api-token";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly MediaTypeHeaderValue CloudEventType = new(CloudEvent.ContentType);
    private static readonly SearchValues<char> ErrorCodeCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private readonly HttpClient _http;

    public SidecarClient(SidecarOptions options)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = ConnectTimeout,
        })
        {
            BaseAddress = options.Http,
            MaxResponseContentBufferSize = MaxAnswer,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.ApiToken is { } token)
        {
            _http.DefaultRequestHeaders.Add(TokenHeader, token);
        }
    }

    /// <summary>Hands an event to a component.</summary>
    /// <exception cref="SidecarException">It wasn't taken.</exception>
    public async Task PublishAsync(string pubSub, OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1.0/publish/{Uri.EscapeDataString(pubSub)}/{Uri.EscapeDataString(outgoing.Topic)}")
        {
            Content = new ReadOnlyMemoryContent(outgoing.Body) { Headers = { ContentType = CloudEventType } },
        };
        if ((Activity.Current?.Id ?? outgoing.TraceParent) is { } trace)
        {
            // The sidecar writes its own span into the event. This makes it one of ours, even when nobody traces here.
            request.Headers.TryAddWithoutValidation("traceparent", trace);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw await FailureOfAsync(response, "publish", cancellationToken);
        }
    }

    /// <summary>Whether its components are loaded and it can be called, whatever it thinks of this process.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync("v1.0/healthz/outbound", cancellationToken);
            return response.StatusCode == HttpStatusCode.NoContent;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>The values of a secret by their keys.</summary>
    /// <exception cref="SidecarException">There is none, or it may not be read.</exception>
    public async Task<IReadOnlyDictionary<string, string>> GetSecretAsync(string store, string name, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync($"v1.0/secrets/{Uri.EscapeDataString(store)}/{Uri.EscapeDataString(name)}", cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await FailureOfAsync(response, "secrets", cancellationToken);
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(await response.Content.ReadAsByteArrayAsync(cancellationToken)) ?? [];
        }
        catch (JsonException)
        {
            // Not kept as the cause: its text may quote the secret.
            throw new SidecarException("secrets", response.StatusCode, "ANSWER_UNREADABLE");
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<SidecarException> FailureOfAsync(HttpResponseMessage response, string api, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            var code = answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("errorCode", out var member) && member.ValueKind == JsonValueKind.String
                ? member.GetString()!
                : "";
            return new SidecarException(api, response.StatusCode, code.Length <= MaxErrorCode && !code.AsSpan().ContainsAnyExcept(ErrorCodeCharacters) ? code : "");
        }
        catch (Exception exception) when (exception is JsonException or HttpRequestException or InvalidOperationException)
        {
            return new SidecarException(api, response.StatusCode, "");
        }
    }
}

/// <summary>The sidecar answered that it did not do it. Its text is left out, since it may quote anything.</summary>
/// <param name="api">What was asked of it.</param>
/// <param name="status">Its answer.</param>
/// <param name="code">Such as ERR_PUBSUB_NOT_FOUND; empty when it gave none.</param>
internal sealed class SidecarException(string api, HttpStatusCode status, string code) : Exception($"The sidecar answered {(int)status} {code} to {api}.")
{
    public string Code => code;
}
