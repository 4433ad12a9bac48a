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
/// size, and their bodies go no further than the worker's readers, which keep numbers, ids and addresses. Tracking ids are logged: support asks for them.
/// </summary>
internal sealed partial class MicrosoftAdvertisingClient(OutboundClient outbound, IOptions<MicrosoftAdvertisingOptions> options, ILogger<MicrosoftAdvertisingClient> logger)
{
    private const int MaxTrackingId = 64;

    /// <summary>Sends a call once.</summary>
    public Task<Reply> CallAsync(HttpMethod method, Uri address, AccountHeaders headers, byte[] body, CancellationToken cancellationToken) =>
        SendAsync(method, address, SendingOf(address, headers, body), cancellationToken);

    /// <summary>Sends a call once, and has the answer to a success read instead of keeping it: it may be large.</summary>
    public Task<Reply> CallAsync(Uri address, AccountHeaders headers, byte[] body, Action<JsonElement> read, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, address, SendingOf(address, headers, body) with { Read = read }, cancellationToken);

    /// <summary>Uploads a file once, to an address that Microsoft Advertising has named.</summary>
    public Task<Reply> UploadAsync(Uri address, AccountHeaders headers, HttpContent content, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, address, new Sending("upload", content, headers.WriteForUpload, options.Value.FileTimeout) { BodyIsOptional = true }, cancellationToken);

    /// <summary>Reads a file from an address that Microsoft Advertising has named, up to a size; a fault when it is longer or cannot be read.</summary>
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

            return await ForeignAnswer.CopyAsync(response.Content, target, maxBytes, timeout.Token) ? null : Fault.Lost;
        }
        catch (Exception exception) when (ForeignAnswer.IsMissing(exception, cancellationToken))
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
            return await ForeignAnswer.ReadJsonAsync(response.Content, MicrosoftAdvertisingLimits.AnswerBytes, body => Judge(response, sending, body), timeout.Token);
        }
        catch (Exception exception) when (ForeignAnswer.IsMissing(exception, cancellationToken))
        {
            return new Reply(content.HasBegun ? Fault.Lost : Fault.NotReached, default);
        }
    }

    private Reply Judge(HttpResponseMessage response, Sending sending, JsonElement? body)
    {
        var fault = sending.BodyIsOptional && response.StatusCode == HttpStatusCode.OK
            ? null
            : MicrosoftAdvertisingOutcomes.OfCall(response.StatusCode, body, response.Headers.RetryAfter?.Delta);
        if (fault is not null)
        {
            Log.Refused(logger, sending.Operation, (int)response.StatusCode, fault.Code, TrackingId(response, body));
        }

        if (fault is not null || body is not { } answer || sending.Read is not { } read)
        {
            return new Reply(fault, body?.Clone() ?? default);
        }

        read(answer);
        return default;
    }

    private Sending SendingOf(Uri address, AccountHeaders headers, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new Sending(OperationOf(address), content, headers.Write, options.Value.RequestTimeout);
    }

    // Of an address of our own: one that Microsoft Advertising has named may open a door, and never gets here.
    private static string OperationOf(Uri address) => string.Concat(address.Segments[^2..]);

    // Foreign text in our log: only what an id may look like.
    private static string TrackingId(HttpResponseMessage response, JsonElement? body)
    {
        var id = response.Headers.TryGetValues("TrackingId", out var values) ? values.FirstOrDefault() : body is { } root ? ForeignAnswer.Text(root, "TrackingId") : null;
        return id is { Length: > 0 and <= MaxTrackingId } && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : "-";
    }

    /// <summary>A request to send.</summary>
    /// <param name="Operation">What it is called in the log.</param>
    private sealed record Sending(string Operation, HttpContent Content, Action<HttpRequestHeaders> WriteHeaders, TimeSpan Timeout)
    {
        /// <summary>A success need not say anything.</summary>
        public bool BodyIsOptional { get; init; }

        /// <summary>Reads the answer to a success, which is not kept then.</summary>
        public Action<JsonElement>? Read { get; init; }
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
