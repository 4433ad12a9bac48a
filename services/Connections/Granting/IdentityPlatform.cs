using System.Net;
using System.Text.Json;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Granting;

/// <summary>What the identity platform says to a request for tokens.</summary>
internal enum TokenVerdict
{
    Granted,

    /// <summary>invalid_grant and its like: the person has to sign in again.</summary>
    Revoked,

    /// <summary>AADSTS650052: the person's organization lacks the service principal of Microsoft Advertising.</summary>
    TenantLacksService,

    /// <summary>The registration of this installation is not accepted.</summary>
    Misconfigured,

    /// <summary>No answer, or none that makes sense: nothing is known of the grant, and the token may have been spent.</summary>
    Unreachable,
}

/// <summary>Tokens, or why there are none.</summary>
/// <param name="RefreshToken">The successor of the one that was shown; null when the platform gave none.</param>
internal sealed record TokenAnswer(TokenVerdict Verdict, Secret AccessToken = default, Secret? RefreshToken = null, DateTimeOffset ExpiresAt = default);

/// <summary>The token endpoint of the Microsoft identity platform (OAuth 2.0). What it says in words is neither kept nor shown.</summary>
internal sealed partial class IdentityPlatform(OutboundClient outbound, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<IdentityPlatform> logger)
{
    private const int MaxToken = 16_384;
    private const int MaxLifetimeSeconds = 86_400;
    private const string TenantLacksService = "AADSTS650052";
    private static readonly string[] Revoking = ["invalid_grant", "interaction_required", "consent_required", "login_required"];
    private static readonly string[] Misconfiguring = ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request", "invalid_resource"];

    private MicrosoftAdvertisingRegistration Registration => options.Value.MicrosoftAdvertising;

    /// <summary>Trades the code that a browser brought.</summary>
    public Task<TokenAnswer> ExchangeAsync(string code, Secret verifier, Uri redirect, CancellationToken cancellationToken) => AskAsync(
        new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirect.AbsoluteUri, ["code_verifier"] = verifier.Value },
        cancellationToken);

    /// <summary>Trades a refresh token for an access token and the next refresh token.</summary>
    public Task<TokenAnswer> RefreshAsync(Secret refreshToken, CancellationToken cancellationToken) => AskAsync(
        new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken.Value },
        cancellationToken);

    private async Task<TokenAnswer> AskAsync(Dictionary<string, string> form, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.VerifyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            (form["client_id"], form["client_secret"], form["scope"]) = (Registration.ClientId, Registration.ReadClientSecret().Value, Registration.Scope);
            using var request = new HttpRequestMessage(HttpMethod.Post, Registration.TokenAddress) { Content = new FormUrlEncodedContent(form) };
            using var response = await outbound.SendAsync(request, either.Token);
            var answer = Judge(response.StatusCode, await ForeignAnswer.ReadJsonAsync(response.Content, ProbeOutcome.MaxAnswer, either.Token));
            Log.Asked(logger, answer.Verdict == TokenVerdict.Misconfigured ? LogLevel.Warning : LogLevel.Information, form["grant_type"], answer.Verdict);
            return answer;
        }
        catch (Exception failure) when (ForeignAnswer.IsMissing(failure, cancellationToken))
        {
            Log.Failed(logger, form["grant_type"], failure.GetType().Name);
            return new TokenAnswer(TokenVerdict.Unreachable);
        }
    }

    private TokenAnswer Judge(HttpStatusCode status, JsonElement? body) => status switch
    {
        HttpStatusCode.OK when body is { } granted => ReadTokens(granted),
        HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden when body is { } refused => new TokenAnswer(ReadRefusal(refused)),
        _ => new TokenAnswer(TokenVerdict.Unreachable),
    };

    private TokenAnswer ReadTokens(JsonElement body)
    {
        var (access, refresh) = (ForeignAnswer.Text(body, "access_token"), ForeignAnswer.Text(body, "refresh_token"));
        var seconds = body.TryGetProperty("expires_in", out var expires) && expires.ValueKind == JsonValueKind.Number && expires.TryGetInt32(out var given) ? given : 0;
        return IsToken(access) && (refresh is null || IsToken(refresh)) && seconds is > 0 and <= MaxLifetimeSeconds
            ? new TokenAnswer(TokenVerdict.Granted, new Secret(access!), refresh is null ? null : new Secret(refresh), time.GetUtcNow().AddSeconds(seconds))
            : new TokenAnswer(TokenVerdict.Unreachable);
    }

    private static TokenVerdict ReadRefusal(JsonElement body)
    {
        var error = ForeignAnswer.Text(body, "error") ?? "";
        if (ForeignAnswer.Text(body, "error_description")?.Contains(TenantLacksService, StringComparison.Ordinal) == true)
        {
            return TokenVerdict.TenantLacksService;
        }

        return Revoking.Contains(error) ? TokenVerdict.Revoked
            : Misconfiguring.Contains(error) ? TokenVerdict.Misconfigured
            : TokenVerdict.Unreachable;
    }

    // It becomes part of a header.
    private static bool IsToken(string? text) => text is { Length: > 0 and <= MaxToken } && text.All(character => character is > ' ' and <= '~');

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "The identity platform was asked ({GrantType}): {Verdict}")]
        public static partial void Asked(ILogger logger, LogLevel level, string grantType, TokenVerdict verdict);

        [LoggerMessage(2, LogLevel.Information, "The identity platform could not be asked ({GrantType}): {Failure}")]
        public static partial void Failed(ILogger logger, string grantType, string failure);
    }
}
