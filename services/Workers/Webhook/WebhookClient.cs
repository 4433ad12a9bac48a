using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Webhook;

/// <summary>
/// The only place from which anything goes to a webhook: to public addresses only. No redirects, which would carry people elsewhere;
/// answers only up to a size, and nothing of an answer beyond what <see cref="WebhookOutcomes"/> makes of it.
/// </summary>
internal sealed class WebhookClient(OutboundClient outbound, IOptions<WebhookOptions> options, TimeProvider time)
{
    private const string Json = "application/json";
    private static readonly MediaTypeHeaderValue LinesOfJson = new("application/x-ndjson");

    /// <summary>A handle that sends to one address with one secret, for one run.</summary>
    public WebhookConnectionHandle Connect(Uri address, string secret, string run) => new(this, address, new WebhookSignature(secret, run));

    /// <summary>Posts a body once.</summary>
    public async Task<BatchOutcome> PostAsync(Uri address, WebhookSignature signature, DeliveryBatch batch, CancellationToken cancellationToken)
    {
        var (bytes, length) = WebhookWire.Body(batch);
        var body = bytes.AsMemory(0, length);
        using var content = new TrackedContent(new ReadOnlyMemoryContent(body) { Headers = { ContentType = LinesOfJson } });
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content, Version = HttpVersion.Version11 };
        signature.Write(request.Headers, body.Span, time.GetUtcNow());

        // Each request has a timeout of its own, which tells "not sent" from "no answer".
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.RequestTimeout);
        try
        {
            using var response = await outbound.SendAsync(request, timeout.Token);
            return WebhookOutcomes.Of(await ReadAsync(response, timeout.Token), batch.Operations.Count, time.GetUtcNow());
        }
        catch (Exception exception) when (ForeignAnswer.IsMissing(exception, cancellationToken))
        {
            return content.HasBegun ? WebhookOutcomes.Lost : WebhookOutcomes.NotReached;
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

    // A receiver may say "ok" in whatever way it likes; what is not JSON says nothing about lines.
    private static async Task<WebhookAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!string.Equals(response.Content.Headers.ContentType?.MediaType, Json, StringComparison.OrdinalIgnoreCase))
        {
            return new WebhookAnswer(response.StatusCode, response.Headers, null, IsWhole: true);
        }

        var answer = await ForeignAnswer.ReadAsync(response.Content, WebhookLimits.AnswerBytes, cancellationToken);
        return new WebhookAnswer(response.StatusCode, response.Headers, answer, IsWhole: answer is not null);
    }
}

/// <summary>One address with one secret, for one run.</summary>
internal sealed class WebhookConnectionHandle(WebhookClient client, Uri address, WebhookSignature signature)
{
    public Task<BatchOutcome> PostAsync(DeliveryBatch batch, CancellationToken cancellationToken) => client.PostAsync(address, signature, batch, cancellationToken);
}
