using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>Asks a receiver whether it accepts a signature: a delivery without lines, which changes nothing (CON-14).</summary>
internal sealed partial class WebhookProbe(OutboundClient outbound, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<WebhookProbe> logger)
{
    private const string LinesOfJson = "application/x-ndjson";
    private const string Ping = "ping";

    public async Task<ProbeOutcome> RunAsync(Uri address, Secret secret, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.VerifyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var outcome = await AskAsync(address, secret, either.Token);
            Log.Asked(logger, outcome.Problem.Length == 0 ? "accepted" : outcome.Problem);
            return outcome;
        }
        catch (Exception failure) when (ForeignAnswer.IsMissing(failure, cancellationToken))
        {
            // The message may name the host, so only the kind of failure is kept.
            Log.Failed(logger, failure.GetType().Name, (failure as HttpRequestException)?.HttpRequestError.ToString() ?? "-");
            return ProbeOutcome.Unreachable;
        }
    }

    private async Task<ProbeOutcome> AskAsync(Uri address, Secret secret, CancellationToken cancellationToken)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret.Value), Encoding.UTF8.GetBytes($"{timestamp}."));
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(LinesOfJson);
        request.Headers.Add("CustomerInsights-Delivery", Ping);
        request.Headers.Add("CustomerInsights-Timestamp", timestamp);
        request.Headers.Add("CustomerInsights-Signature", $"v1={Convert.ToHexStringLower(signature)}");
        using var answer = await outbound.SendAsync(request, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => ProbeOutcome.Unknown,
            HttpStatusCode.Forbidden => ProbeOutcome.Forbidden,
            >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous => ProbeOutcome.Accepted,
            _ => ProbeOutcome.Unreachable,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "A receiver was asked about a signature: {Outcome}")]
        public static partial void Asked(ILogger logger, string outcome);

        [LoggerMessage(2, LogLevel.Information, "A receiver could not be asked about a signature: {Failure} ({Error})")]
        public static partial void Failed(ILogger logger, string failure, string error);
    }
}
