using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>The audiences of exports, and up to where in the change feed each is settled.</summary>
internal static class AudienceStore
{
    internal const int NextPass = 1;
    private const int AfterThisPass = 2;

    /// <summary>The audience; recorded now if it is new. Another account has audiences of its own (EXP-22).</summary>
    public static async Task<AudienceState> OpenAsync(Transaction transaction, string export, string account, string audience)
    {
        await transaction.ExecuteAsync(
            """
            INSERT INTO audiences (export, account, audience) VALUES (@export, @account, @audience)
            ON CONFLICT (export, account, audience) DO UPDATE SET given_up = 0
            """,
            new { export, account, audience });
        return (await ListAsync(transaction, export, account)).Single(state => state.Audience == audience);
    }

    /// <summary>All audiences that an export has ever kept at an account.</summary>
    public static Task<IReadOnlyList<AudienceState>> ListAsync(Session session, string export, string account) => session.QueryAsync<AudienceState>(
        """
        SELECT audience_id, audience, definition, position, CASE WHEN compare <> 0 THEN 1 ELSE 0 END AS must_compare, given_up AS is_given_up,
          CASE WHEN EXISTS (SELECT 1 FROM removals r WHERE r.audience_id = audiences.audience_id) THEN 1 ELSE 0 END AS has_removals,
          sending AS is_sending, full_send_at
        FROM audiences WHERE export = @export AND account = @account
        """,
        new { export, account });

    /// <summary>Everything up to the position is settled, for members mapped by this definition.</summary>
    public static Task MoveAsync(Transaction transaction, long audienceId, string definition, FeedPosition position) => transaction.ExecuteAsync(
        "UPDATE audiences SET definition = @definition, position = @position WHERE audience_id = @audienceId",
        new { audienceId, definition, position = position.ToByteArray() });

    /// <summary>Every member has to be looked at again: in the next pass, or in the one after when a whole one is going on.</summary>
    public static Task MarkForComparisonAsync(Transaction transaction, long audienceId, bool passIsWhole) => transaction.ExecuteAsync(
        "UPDATE audiences SET compare = compare | @mark WHERE audience_id = @audienceId", new { audienceId, mark = passIsWhole ? AfterThisPass : NextPass });

    /// <summary>A pass has looked at every member: what was marked before it is done, what was marked meanwhile is next.</summary>
    public static Task ClearComparisonAsync(Transaction transaction, long audienceId) => transaction.ExecuteAsync(
        $"UPDATE audiences SET compare = compare / {AfterThisPass} WHERE audience_id = @audienceId", new { audienceId });

    public static async Task<bool> MustCompareAsync(Session session, long audienceId) =>
        await session.QuerySingleAsync<long>("SELECT compare FROM audiences WHERE audience_id = @audienceId", new { audienceId }) != 0;

    /// <summary>The export does not keep the audience any more: should it come back, everything is compared.</summary>
    public static Task GiveUpAsync(Transaction transaction, long audienceId) =>
        transaction.ExecuteAsync("UPDATE audiences SET position = NULL, compare = 0, given_up = 1, sending = 0, full_send_at = NULL WHERE audience_id = @audienceId", new { audienceId });

    /// <summary>From now on what is due may stand at the destination.</summary>
    public static Task BeginSendingAsync(Transaction transaction, long audienceId) =>
        transaction.ExecuteAsync("UPDATE audiences SET sending = 1 WHERE audience_id = @audienceId", new { audienceId });

    /// <summary>Nothing is due any more; the first time this is also when everybody was sent.</summary>
    public static Task EndSendingAsync(Transaction transaction, long audienceId, long now) => transaction.ExecuteAsync(
        "UPDATE audiences SET sending = 0, full_send_at = COALESCE(full_send_at, @now) WHERE audience_id = @audienceId", new { audienceId, now });

    /// <summary>When everybody was sent last; <see cref="AudienceState.MustReplace"/> when it has to happen again.</summary>
    public static Task SetFullSendAsync(Transaction transaction, long audienceId, long at) =>
        transaction.ExecuteAsync("UPDATE audiences SET full_send_at = @at WHERE audience_id = @audienceId", new { audienceId, at });
}

/// <summary>An audience as it is remembered.</summary>
internal sealed record AudienceState(
    long AudienceId, string Audience, string Definition, byte[]? Position, bool MustCompare, bool IsGivenUp, bool HasRemovals, bool IsSending, long? FullSendAt)
{
    /// <summary>In the place of the time of the last full sending: whoever stands there has to be replaced by everybody.</summary>
    public const long MustReplace = 0;

    /// <summary>The position, or null before the first complete pass.</summary>
    public FeedPosition? FeedPosition => Position is null ? null : Contracts.Segments.V1.FeedPosition.Parser.ParseFrom(Position);
}
