using CustomerInsights.Connections.Granting;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>The table of sign-ins.</summary>
internal static class SignInStore
{
    private const string Columns = "SELECT sign_in_id, environment_id, principal, service, state, reason, expires_at, grant_id, browser_hash, verifier FROM sign_ins";

    public static Task AddAsync(Transaction transaction, SignIn signIn, string linkHash) => transaction.ExecuteAsync(
        """
        INSERT INTO sign_ins (sign_in_id, environment_id, principal, service, state, expires_at, link_hash)
        VALUES (@Id, @Environment, @Principal, @service, @state, @expires, @linkHash)
        """,
        new
        {
            signIn.Name.Id,
            signIn.Name.Environment,
            signIn.Principal,
            service = (long)signIn.Service,
            state = (long)signIn.State,
            expires = signIn.ExpiresAt.ToMicroseconds(),
            linkHash,
        });

    public static Task<SignIn?> FindAsync(Session session, SignInName name, DateTimeOffset now) =>
        OneAsync(session, $"{Columns} WHERE sign_in_id = @Id AND environment_id = @Environment AND expires_at > @now", new { name.Id, name.Environment, now = now.ToMicroseconds() });

    /// <summary>The sign-in whose link nobody has followed yet.</summary>
    public static Task<SignIn?> FindByLinkAsync(Session session, string linkHash, DateTimeOffset now) =>
        OneAsync(session, $"{Columns} WHERE link_hash = @linkHash AND expires_at > @now", new { linkHash, now = now.ToMicroseconds() });

    /// <summary>The sign-in whose browser has not come back yet.</summary>
    public static Task<SignIn?> FindByStateAsync(Session session, string stateHash, DateTimeOffset now) =>
        OneAsync(session, $"{Columns} WHERE state_hash = @stateHash AND expires_at > @now", new { stateHash, now = now.ToMicroseconds() });

    /// <summary>Ties the sign-in to the browser that follows the link. False when another one was faster.</summary>
    public static async Task<bool> FollowLinkAsync(Transaction transaction, string linkHash, string stateHash, string browserHash, string verifier) => await transaction.ExecuteAsync(
        "UPDATE sign_ins SET link_hash = '', state_hash = @stateHash, browser_hash = @browserHash, verifier = @verifier WHERE link_hash = @linkHash",
        new { linkHash, stateHash, browserHash, verifier }) == 1;

    /// <summary>Takes the state, which works once. False when it is taken.</summary>
    public static async Task<bool> TakeStateAsync(Transaction transaction, string stateHash) =>
        await transaction.ExecuteAsync("UPDATE sign_ins SET state_hash = '' WHERE state_hash = @stateHash", new { stateHash }) == 1;

    /// <summary>Records how it went, and forgets the verifier. False when the sign-in is gone.</summary>
    public static async Task<bool> EndAsync(Transaction transaction, SignInName name, SignInState state, string reason, string grantId) => await transaction.ExecuteAsync(
        "UPDATE sign_ins SET state = @state, reason = @reason, grant_id = @grantId, verifier = '' WHERE sign_in_id = @Id",
        new { name.Id, state = (long)state, reason, grantId }) == 1;

    /// <summary>Why a connection cannot have the sign-in any more; null when it can, and then nobody else gets it until the transaction ends.</summary>
    public static async Task<Refusal?> RefuseUsedAsync(Transaction transaction, SignIn? signIn) => signIn is null
        || await OneAsync(transaction, $"{Columns} WHERE sign_in_id = @Id{transaction.ForUpdate}", signIn.Name) is { State: SignInState.Completed } present && present.GrantId == signIn.GrantId
            ? null
            : Refusal.Precondition("SIGN_IN_USED", "The sign-in has expired or is used up. Begin another one.");

    /// <summary>Removes a sign-in whose grant has got another owner.</summary>
    public static async Task UseUpAsync(Transaction transaction, SignIn? signIn)
    {
        if (signIn is not null)
        {
            await transaction.ExecuteAsync("DELETE FROM sign_ins WHERE sign_in_id = @Id", signIn.Name);
        }
    }

    /// <summary>Removes what has expired, grants that nobody took included.</summary>
    public static async Task RemoveExpiredAsync(Transaction transaction, DateTimeOffset now)
    {
        // Locked first: a connection that takes one of them at this moment keeps its grant.
        var expired = await transaction.QueryAsync<Row>($"{Columns} WHERE expires_at <= @now ORDER BY sign_in_id{transaction.ForUpdate}", new { now = now.ToMicroseconds() });
        foreach (var row in expired)
        {
            await GrantStore.RemoveAsync(transaction, row.GrantId);
            await transaction.ExecuteAsync("DELETE FROM sign_ins WHERE sign_in_id = @SignInId", new { row.SignInId });
        }
    }

    private static async Task<SignIn?> OneAsync(Session session, string sql, object parameters) => await session.QuerySingleOrDefaultAsync<Row>(sql, parameters) is { } row
        ? new SignIn(new SignInName(row.EnvironmentId, row.SignInId), row.Principal, (SignInService)row.Service, (SignInState)row.State, row.Reason, Timestamps.FromMicroseconds(row.ExpiresAt))
        {
            GrantId = row.GrantId,
            BrowserHash = row.BrowserHash,
            Verifier = row.Verifier,
        }
        : null;

    private sealed record Row(
        string SignInId, string EnvironmentId, string Principal, long Service, long State, string Reason, long ExpiresAt, string GrantId, string BrowserHash, string Verifier);
}
