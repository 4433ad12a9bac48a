using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>An answer: what went wrong, or what was said.</summary>
/// <param name="Fault">Null for a success.</param>
/// <param name="Body">A JSON object.</param>
internal readonly record struct Reply(Fault? Fault, JsonElement Body);

/// <summary>
/// The only place from which anything goes to Microsoft Advertising, and to public addresses only. No redirects; answers only up to a
/// size, and nothing of an answer beyond what <see cref="MicrosoftAdvertisingOutcomes"/> makes of it. Tracking ids are logged: support asks for them.
/// </summary>
internal sealed partial class MicrosoftAdvertisingClient(OutboundClient outbound, IOptions<MicrosoftAdvertisingOptions> options, ILogger<MicrosoftAdvertisingClient> logger)
{
    private const int MaxTrackingId = 64;

    /// <summary>Sends a call once.</summary>
    public Task<Reply> CallAsync(HttpMethod method, Uri address, AccountHeaders headers, byte[] body, CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return SendAsync(method, address, new Sending(content, headers.Write, options.Value.RequestTimeout), cancellationToken);
    }

    /// <summary>Uploads a file once, to an address that Microsoft Advertising has named.</summary>
    public Task<Reply> UploadAsync(Uri address, AccountHeaders headers, HttpContent content, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, address, new Sending(content, headers.WriteForUpload, options.Value.FileTimeout) { BodyIsOptional = true }, cancellationToken);

    /// <summary>Reads a file from an address that Microsoft Advertising has named, up to a size; null when it is longer or cannot be read.</summary>
    public async Task<Fault?> DownloadAsync(Uri address, Stream target, long maxBytes, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.FileTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = HttpVersion.Version11 };
            using var response = await outbound.SendAsync(request, timeout.Token);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                Log.Refused(logger, "file", (int)response.StatusCode, 0, "-");
                return Fault.Lost;
            }

            await using var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            return await CopyAsync(stream, target, maxBytes, timeout.Token) ? null : Fault.Lost;
        }
        catch (Exception exception) when (IsLost(exception, cancellationToken))
        {
            return Fault.Lost;
        }
    }

    private async Task<Reply> SendAsync(HttpMethod method, Uri address, Sending sending, CancellationToken cancellationToken)
    {
        using var content = new TrackedContent(sending.Content);
        using var request = new HttpRequestMessage(method, address) { Content = content, Version = HttpVersion.Version11 };
        sending.WriteHeaders(request.Headers);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(sending.Timeout);
        try
        {
            using var response = await outbound.SendAsync(request, timeout.Token);
            var body = await ReadAsync(response, timeout.Token);
            var fault = sending.BodyIsOptional && response.StatusCode == HttpStatusCode.OK
                ? null
                : MicrosoftAdvertisingOutcomes.OfCall(response.StatusCode, body, response.Headers.RetryAfter?.Delta);
            if (fault is not null)
            {
                Log.Refused(logger, address.Segments[^1], (int)response.StatusCode, fault.Code, TrackingId(response, body));
            }

            return new Reply(fault, body ?? default);
        }
        catch (Exception exception) when (IsLost(exception, cancellationToken))
        {
            return new Reply(content.HasBegun ? Fault.Lost : Fault.NotReached, default);
        }
    }

    private static async Task<JsonElement?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var bytes = new MemoryStream();
        if (!await CopyAsync(stream, bytes, MicrosoftAdvertisingLimits.AnswerBytes, cancellationToken))
        {
            return null;
        }

        try
        {
            var body = JsonSerializer.Deserialize<JsonElement>(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            return body.ValueKind == JsonValueKind.Object ? body : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Tells whether the source ended within the limit.
    private static async Task<bool> CopyAsync(Stream source, Stream target, long maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var length = 0L;
        int read;
        while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            length += read;
            if (length > maxBytes)
            {
                return false;
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return true;
    }

    // Foreign text in our log: only what an id may look like.
    private static string TrackingId(HttpResponseMessage response, JsonElement? body)
    {
        var id = response.Headers.TryGetValues("TrackingId", out var values) ? values.FirstOrDefault() : body is { } root ? MicrosoftAdvertisingOutcomes.TextOf(root, "TrackingId") : null;
        return id is { Length: > 0 and <= MaxTrackingId } && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : "-";
    }

    private static bool IsLost(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && exception is HttpRequestException or IOException or OperationCanceledException;

    /// <summary>A request to send.</summary>
    private sealed record Sending(HttpContent Content, Action<HttpRequestHeaders> WriteHeaders, TimeSpan Timeout)
    {
        /// <summary>A success need not say anything.</summary>
        public bool BodyIsOptional { get; init; }
    }

    /// <summary>A body that knows whether sending it has begun.</summary>
    private sealed class TrackedContent : HttpContent
    {
        private readonly HttpContent _inner;

        public TrackedContent(HttpContent inner)
        {
            _inner = inner;
            foreach (var header in inner.Headers)
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        public bool HasBegun { get; private set; }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            HasBegun = true;
            return _inner.CopyToAsync(stream, context, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? -1;
            return length >= 0;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Microsoft Advertising answered {Operation} with status {Status}, code {Code}; tracking id {TrackingId}")]
        public static partial void Refused(ILogger logger, string operation, int status, int code, string trackingId);
    }
}

/// <summary>What every call carries (MSA-3).</summary>
/// <param name="Token">Access token.</param>
internal sealed record AccountHeaders(string Token, string DeveloperToken, string CustomerId, string AccountId)
{
    public void Write(HttpRequestHeaders headers)
    {
        headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        headers.TryAddWithoutValidation("DeveloperToken", DeveloperToken);
        headers.TryAddWithoutValidation("CustomerId", CustomerId);
        headers.TryAddWithoutValidation("CustomerAccountId", AccountId);
    }

    // Uploads have headers of their own; prose and example of the documentation disagree about the last one, so both are sent.
    public void WriteForUpload(HttpRequestHeaders headers)
    {
        headers.TryAddWithoutValidation("AuthenticationToken", Token);
        headers.TryAddWithoutValidation("DeveloperToken", DeveloperToken);
        headers.TryAddWithoutValidation("CustomerId", CustomerId);
        headers.TryAddWithoutValidation("AccountId", AccountId);
        headers.TryAddWithoutValidation("CustomerAccountId", AccountId);
    }
}
