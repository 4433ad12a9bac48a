namespace CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

/// <summary>What an access token is worth.</summary>
internal enum TokenStanding
{
    Unknown,
    Expired,
    Valid,
}

/// <summary>Somebody's consent, from which tokens are issued until it is revoked.</summary>
internal sealed class Grant(string id, string userName, string scope)
{
    public string Id => id;

    public string UserName => userName;

    public string Scope => scope;

    public bool IsRevoked { get; set; }
}

/// <summary>A code on its way from the browser to the application: one use, five minutes.</summary>
internal sealed record PendingCode(string UserName, string Scope, string RedirectUri, string Challenge, DateTimeOffset Expires);

/// <summary>What a token request is answered with.</summary>
internal sealed record IssuedTokens(string AccessToken, int ExpiresIn, string RefreshToken, string Scope);

/// <summary>Codes, grants and tokens. Has a lock of its own.</summary>
internal sealed class GrantStore(SeededSecrets secrets)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PendingCode> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Grant> _grants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AccessToken> _access = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RefreshToken> _refresh = new(StringComparer.Ordinal);

    public string Promise(PendingCode code)
    {
        var value = secrets.Token("code-");
        lock (_gate)
        {
            _codes[value] = code;
        }

        return value;
    }

    /// <summary>The code with this value; gone afterwards, whatever comes of it.</summary>
    public PendingCode? Redeem(string value, DateTimeOffset now)
    {
        lock (_gate)
        {
            return _codes.Remove(value, out var code) && code.Expires > now ? code : null;
        }
    }

    /// <summary>A new grant and its first tokens.</summary>
    public (string GrantId, IssuedTokens Tokens) Open(string userName, string scope, MicrosoftAdvertisingSettings settings, DateTimeOffset now)
    {
        lock (_gate)
        {
            var grant = new Grant(secrets.Id(), userName, scope);
            _grants[grant.Id] = grant;
            return (grant.Id, Issue_NeedsLock(grant, null, settings, now));
        }
    }

    /// <summary>New tokens for a refresh token; null when it is unknown, used up, expired, or its grant revoked.</summary>
    public IssuedTokens? Refresh(string value, MicrosoftAdvertisingSettings settings, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_refresh.TryGetValue(value, out var token) || token.Expires <= now || token.Grant.IsRevoked)
            {
                return null;
            }

            // Who uses the successor has it stored: nobody needs what came before.
            for (var before = token.Before; before is not null; before = _refresh.Remove(before, out var dead) ? dead.Before : null)
            {
            }

            if (settings.StrictRotation)
            {
                _refresh.Remove(value);
            }

            return Issue_NeedsLock(token.Grant, value, settings, now);
        }
    }

    public (TokenStanding Standing, string? UserName) Check(string accessToken, DateTimeOffset now)
    {
        lock (_gate)
        {
            return !_access.TryGetValue(accessToken, out var token) ? (TokenStanding.Unknown, null)
                : token.Expires <= now ? (TokenStanding.Expired, null)
                : (TokenStanding.Valid, token.Grant.UserName);
        }
    }

    /// <summary>From now on its refresh tokens are refused; access tokens live until they expire.</summary>
    /// <returns>How many grants it hit.</returns>
    public int Revoke(Func<Grant, bool> which)
    {
        lock (_gate)
        {
            var hit = _grants.Values.Where(g => !g.IsRevoked && which(g)).ToList();
            hit.ForEach(g => g.IsRevoked = true);
            return hit.Count;
        }
    }

    /// <summary>All access tokens of this moment expire.</summary>
    public void ExpireAccessTokens()
    {
        lock (_gate)
        {
            foreach (var token in _access.Values)
            {
                token.Expires = DateTimeOffset.MinValue;
            }
        }
    }

    private IssuedTokens Issue_NeedsLock(Grant grant, string? before, MicrosoftAdvertisingSettings settings, DateTimeOffset now)
    {
        var access = secrets.Token("access-");
        var refresh = secrets.Token("refresh-");
        _access[access] = new AccessToken(grant, now.AddSeconds(settings.AccessTokenSeconds));
        _refresh[refresh] = new RefreshToken(grant, before, now.AddDays(settings.RefreshTokenDays));
        return new IssuedTokens(access, settings.AccessTokenSeconds, refresh, grant.Scope);
    }

    private sealed class AccessToken(Grant grant, DateTimeOffset expires)
    {
        public Grant Grant => grant;

        public DateTimeOffset Expires { get; set; } = expires;
    }

    private sealed record RefreshToken(Grant Grant, string? Before, DateTimeOffset Expires);
}
