using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Braze;

/// <summary>
/// The only place from which anything goes to Braze. No redirects (they would carry the key elsewhere), no cookies, no
/// trace headers, answers only up to a size, and nothing of an answer beyond what <see cref="BrazeOutcomes"/> makes of it.
/// </summary>
internal sealed class BrazeClient : IDisposable
{
    private const string Track = "users/track";
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient _http;
    private readonly BrazeOptions _options;
    private readonly TimeProvider _time;

    public BrazeClient(IOptions<BrazeOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = ConnectionLifetime,
            ConnectTimeout = ConnectPatience,
            MaxResponseHeadersLength = 64,
        };

        // Each request has a timeout of its own, which tells "not sent" from "no answer".
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>A handle that sends to one host with one key.</summary>
    public BrazeConnectionHandle Connect(Uri host, string apiKey) => new(this, new Uri(host, Track), new AuthenticationHeaderValue("Bearer", apiKey));

    /// <summary>Posts a body once.</summary>
    public async Task<BatchOutcome> PostAsync(Uri address, AuthenticationHeaderValue authorization, DeliveryBatch batch, CancellationToken cancellationToken)
    {
        var (bytes, length) = BrazeWire.Body(batch);
        using var content = new TrackedContent(new ReadOnlyMemoryContent(bytes.AsMemory(0, length)) { Headers = { ContentType = Json } });
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content, Version = HttpVersion.Version11 };
        request.Headers.Authorization = authorization;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.RequestTimeout);
        try
        {
            using var response = await OutboundSpan.SendAsync(
                request, Track, (sent, token) => _http.SendAsync(sent, HttpCompletionOption.ResponseHeadersRead, token), timeout.Token);
            var answer = await ForeignAnswer.ReadAsync(response.Content, BrazeLimits.AnswerBytes, timeout.Token);
            return BrazeOutcomes.Of(new BrazeAnswer(response.StatusCode, response.Headers, answer ?? default, IsWhole: answer is not null), batch.Operations.Count, _time.GetUtcNow());
        }
        catch (Exception exception) when (ForeignAnswer.IsMissing(exception, cancellationToken))
        {
            return content.HasBegun ? BrazeOutcomes.Lost : BrazeOutcomes.NotReached;
        }
        finally
        {
            if (content.IsDone)
            {
                // Otherwise the connection may still read from it.
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>One host with one key, for one run.</summary>
internal sealed class BrazeConnectionHandle(BrazeClient client, Uri address, AuthenticationHeaderValue authorization)
{
    public Task<BatchOutcome> TrackAsync(DeliveryBatch batch, CancellationToken cancellationToken) => client.PostAsync(address, authorization, batch, cancellationToken);
}
