using System.Net;
using System.Net.Http.Headers;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Asks Braze whether it accepts a key, without changing anything there (BRZ-4, D-07): there is no call for that, but a
/// body in which no object is valid creates nobody and is answered 400 only after key and permission were found good.
/// </summary>
internal sealed partial class BrazeProbe(OutboundClient outbound, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<BrazeProbe> logger)
{
    // One object about nobody.
    private static readonly byte[] Body = [.. """{"attributes":[{}]}"""u8];

    public async Task<ProbeOutcome> RunAsync(BrazeHost host, Secret key, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.VerifyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var outcome = await AskAsync(host, key, either.Token);
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

    private async Task<ProbeOutcome> AskAsync(BrazeHost host, Secret key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "users/track")) { Content = new ByteArrayContent(Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Value);
        using var answer = await outbound.SendAsync(request, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.NotFound => ProbeOutcome.Unknown,
            HttpStatusCode.Forbidden => ProbeOutcome.Forbidden,
            HttpStatusCode.BadRequest or HttpStatusCode.Created or HttpStatusCode.Accepted when await IsBrazeAsync(answer, cancellationToken) => ProbeOutcome.Accepted,
            _ => ProbeOutcome.Unreachable,
        };
    }

    /// <summary>Whether the answer is a JSON object with a message, as every answer of Braze is. Read up to a limit only.</summary>
    private static async Task<bool> IsBrazeAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        await ForeignAnswer.ReadJsonAsync(answer.Content, ProbeOutcome.MaxAnswer, cancellationToken) is { } body && ForeignAnswer.Text(body, "message") is not null;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Braze was asked about a key: {Outcome}")]
        public static partial void Asked(ILogger logger, string outcome);

        [LoggerMessage(2, LogLevel.Information, "Braze could not be asked about a key: {Failure} ({Error})")]
        public static partial void Failed(ILogger logger, string failure, string error);
    }
}
