using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Granting;

/// <summary>A grant that is leased.</summary>
/// <param name="Token">Encrypted refresh token; null when somebody else has the lease.</param>
internal sealed record LeasedGrant(string? Token);

/// <summary>The table of grants. A lease keeps two replicas from spending the same refresh token.</summary>
internal static class GrantStore
{
    /// <summary>What the token of a grant is encrypted for.</summary>
    public static string PlaceOf(string grantId) => $"grants/{grantId}";

    public static Task AddAsync(Transaction transaction, string grantId, string token) =>
        transaction.ExecuteAsync("INSERT INTO grants (grant_id, token) VALUES (@grantId, @token)", new { grantId, token });

    public static Task RemoveAsync(Transaction transaction, string grantId) =>
        transaction.ExecuteAsync("DELETE FROM grants WHERE grant_id = @grantId", new { grantId });

    /// <summary>Takes the lease when it is free or has lapsed. Null when the grant is gone.</summary>
    public static async Task<LeasedGrant?> LeaseAsync(Transaction transaction, string grantId, string owner, DateTimeOffset now, DateTimeOffset until)
    {
        var taken = await transaction.ExecuteAsync(
            "UPDATE grants SET lease_owner = @owner, lease_until = @until WHERE grant_id = @grantId AND (lease_owner = '' OR lease_until <= @now)",
            new { grantId, owner, now = now.ToMicroseconds(), until = until.ToMicroseconds() });
        var token = await transaction.QuerySingleOrDefaultAsync<string>("SELECT token FROM grants WHERE grant_id = @grantId", new { grantId });
        return token is null ? null : new LeasedGrant(taken == 1 ? token : null);
    }

    /// <summary>Replaces the token and gives the lease back. False when it was lost meanwhile.</summary>
    public static async Task<bool> ReplaceAsync(Transaction transaction, string grantId, string owner, string token) => await transaction.ExecuteAsync(
        "UPDATE grants SET token = @token, lease_owner = '', lease_until = 0 WHERE grant_id = @grantId AND lease_owner = @owner", new { grantId, owner, token }) == 1;

    /// <summary>Gives the lease back. False when it was lost meanwhile.</summary>
    public static async Task<bool> ReleaseAsync(Transaction transaction, string grantId, string owner) => await transaction.ExecuteAsync(
        "UPDATE grants SET lease_owner = '', lease_until = 0 WHERE grant_id = @grantId AND lease_owner = @owner", new { grantId, owner }) == 1;
}
