using System.Collections.Concurrent;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Granting;

/// <summary>An access token, or why there is none.</summary>
/// <param name="Problem">One of <see cref="Defining.Problem"/>: revoked, undecryptable or (for the moment) unreachable; none with a token.</param>
internal sealed record AccessToken(string Problem, Secret Secret = default, DateTimeOffset ExpiresAt = default);

/// <summary>
/// Access tokens of grants, in memory only (MSA-3). The refresh token that comes with each is stored before the access token
/// is given to anybody, so that a process that dies in between has lost nothing. Refreshes of one grant come one after
/// another: within this process because callers share one, across replicas by a lease that outlives the request.
/// </summary>
internal sealed class AccessTokens(Database database, ProtectSecrets secrets, IdentityPlatform platform, IOptions<ConnectionsOptions> options, IdGenerator ids, TimeProvider time)
{
    private const int Attempts = 2;
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StoringTakes = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);
    private static readonly AccessToken Unreachable = new(Problem.HostUnreachable);

    private readonly ConcurrentDictionary<string, AccessToken> _cached = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<AccessToken>> _running = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    // Long enough for every attempt to time out, and for the answer to be stored.
    private TimeSpan LeaseTime => (options.Value.VerifyTimeout * Attempts) + StoringTakes;

    /// <param name="renew">Get another one, whatever is known: the last one was refused.</param>
    /// <param name="cancellationToken">Stops the waiting; a refresh that is under way goes on, because its answer must be stored.</param>
    public Task<AccessToken> ObtainAsync(string grantId, bool renew, CancellationToken cancellationToken)
    {
        if (!renew && _cached.TryGetValue(grantId, out var known) && known.ExpiresAt - Margin > time.GetUtcNow())
        {
            return Task.FromResult(known);
        }

        lock (_lock)
        {
            if (!_running.TryGetValue(grantId, out var running))
            {
                running = RunAsync(grantId, CancellationToken.None);
                _running[grantId] = running;
            }

            return running.WaitAsync(cancellationToken);
        }
    }

    private async Task<AccessToken> RunAsync(string grantId, CancellationToken cancellationToken)
    {
        // Leaves the caller's lock first.
        await Task.Yield();
        try
        {
            var token = await RefreshAsync(grantId, cancellationToken);
            if (token.Problem == Problem.None)
            {
                Forget();
                _cached[grantId] = token;
            }
            else
            {
                _cached.TryRemove(grantId, out _);
            }

            return token;
        }
        finally
        {
            lock (_lock)
            {
                _running.Remove(grantId);
            }
        }
    }

    private async Task<AccessToken> RefreshAsync(string grantId, CancellationToken cancellationToken)
    {
        var owner = ids.Next();
        var giveUp = time.GetUtcNow() + options.Value.VerifyTimeout;
        for (; ; await Task.Delay(LookAgain, time, cancellationToken))
        {
            var now = time.GetUtcNow();
            switch (await database.WriteAsync(transaction => GrantStore.LeaseAsync(transaction, grantId, owner, now, now + LeaseTime), cancellationToken))
            {
                case null:
                    return new AccessToken(Problem.GrantRevoked);
                case { Token: { } token }:
                    return await SpendAsync(grantId, owner, token, cancellationToken);
                case var _ when now > giveUp:
                    return Unreachable;
            }
        }
    }

    private async Task<AccessToken> SpendAsync(string grantId, string owner, string closed, CancellationToken cancellationToken)
    {
        var opened = await secrets.OpenAsync(GrantStore.PlaceOf(grantId), closed, cancellationToken);
        if (opened is not { } stored)
        {
            return await GiveBackAsync(grantId, owner, new AccessToken(Problem.SecretUnreadable), cancellationToken);
        }

        // An answer may have been lost on its way. The stored token is good until its successor is first used.
        var answer = new TokenAnswer(TokenVerdict.Unreachable);
        for (var attempt = 0; attempt < Attempts && answer.Verdict == TokenVerdict.Unreachable; attempt++)
        {
            answer = await platform.RefreshAsync(stored.Secret, cancellationToken);
        }

        if (answer.Verdict != TokenVerdict.Granted)
        {
            return await GiveBackAsync(grantId, owner, new AccessToken(ProblemOf(answer.Verdict)), cancellationToken);
        }

        var successor = await secrets.CloseAsync(GrantStore.PlaceOf(grantId), answer.RefreshToken ?? stored.Secret, cancellationToken);
        var isStored = await database.WriteAsync(transaction => GrantStore.ReplaceAsync(transaction, grantId, owner, successor), cancellationToken);
        return isStored ? new AccessToken(Problem.None, answer.AccessToken, answer.ExpiresAt) : Unreachable;
    }

    // Whoever took the lease over may have had more luck.
    private async Task<AccessToken> GiveBackAsync(string grantId, string owner, AccessToken outcome, CancellationToken cancellationToken) =>
        await database.WriteAsync(transaction => GrantStore.ReleaseAsync(transaction, grantId, owner), cancellationToken) ? outcome : Unreachable;

    private static string ProblemOf(TokenVerdict verdict) => verdict switch
    {
        TokenVerdict.Revoked or TokenVerdict.TenantLacksService => Problem.GrantRevoked,
        _ => Problem.HostUnreachable,
    };

    private void Forget()
    {
        foreach (var (grantId, token) in _cached)
        {
            if (token.ExpiresAt <= time.GetUtcNow())
            {
                _cached.TryRemove(grantId, out _);
            }
        }
    }
}
