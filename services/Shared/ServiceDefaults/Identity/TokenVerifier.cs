using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Turns a bearer token into a caller, or refuses it.</summary>
internal sealed partial class TokenVerifier(IEnumerable<TrustedIssuer> issuers, TimeProvider time, ILogger<TokenVerifier> logger)
{
    private const string Scheme = "Bearer ";
    private const int MaxTokenBytes = 16 * 1024;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);
    private static readonly Refusal Missing = new(RefusalKind.Unauthenticated, "A bearer token is needed: authorization: Bearer <token>.") { Reason = "TOKEN_MISSING" };
    private static readonly Refusal Bad = new(RefusalKind.Unauthenticated, "The bearer token is not valid here, or no longer.") { Reason = "TOKEN_INVALID" };
    private static readonly Refusal NoIssuer = new(RefusalKind.Unavailable, "The token's issuer cannot be reached to check it. Try again.") { Reason = "ISSUER_UNAVAILABLE" };

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxTokenBytes };
    private readonly TrustedIssuer[] _issuers = [.. issuers.Select(issuer => issuer with { Validation = OnClock(issuer.Validation, time) })];

    /// <summary>The caller that an authorization header speaks of.</summary>
    public async Task<Result<Caller>> VerifyAsync(string? authorization, CancellationToken cancellationToken)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return Missing;
        }

        var token = authorization[Scheme.Length..].Trim();
        var outage = false;
        foreach (var issuer in _issuers)
        {
            if (!await HasKeysAsync(issuer, cancellationToken))
            {
                outage = true;
                continue;
            }

            var validated = await _handler.ValidateTokenAsync(token, issuer.Validation);
            if (validated.IsValid && issuer.Read((JsonWebToken)validated.SecurityToken) is { } caller)
            {
                return caller;
            }
        }

        if (outage)
        {
            Log.IssuerUnavailable(logger);
        }

        return outage ? NoIssuer : Bad;
    }

    // The handler would take keys that it cannot fetch for a token that is wrong. The manager keeps what it fetched.
    private static async Task<bool> HasKeysAsync(TrustedIssuer issuer, CancellationToken cancellationToken)
    {
        if (issuer.Validation.ConfigurationManager is not { } manager)
        {
            return true;
        }

        try
        {
            await manager.GetBaseConfigurationAsync(cancellationToken);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static TokenValidationParameters OnClock(TokenValidationParameters parameters, TimeProvider time)
    {
        var clone = parameters.Clone();
        clone.RequireExpirationTime = true;
        clone.LifetimeValidator = (notBefore, expires, _, _) =>
            expires + ClockSkew > time.GetUtcNow().UtcDateTime && (notBefore is null || notBefore - ClockSkew <= time.GetUtcNow().UtcDateTime);
        return clone;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The keys of a token issuer could not be fetched")]
        public static partial void IssuerUnavailable(ILogger logger);
    }
}
