using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>A request that may be repeated.</summary>
/// <param name="Environment">Where it was made.</param>
/// <param name="Kind">What it asks for.</param>
/// <param name="RequestId">What the caller named it; empty when it shall not be remembered.</param>
internal sealed record RequestKey(string Environment, string Kind, string RequestId)
{
    public const string CreateSegment = "create-segment";
    public const string RefreshSegment = "refresh-segment";
}

/// <summary>What a request made.</summary>
/// <param name="Subject">Id or name of what was made.</param>
/// <param name="Fingerprint">Of the request; empty when all that counts is in the key, or when nobody recorded it.</param>
internal sealed record RequestAnswer(string Subject, string Fingerprint);

/// <summary>What was made for which request id. Kept for a week: longer than anybody repeats a request.</summary>
internal sealed class AnsweredRequests(TimeProvider time)
{
    private const string IsKey = "environment = @Environment AND kind = @Kind AND request_id = @RequestId";

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>What an earlier request of this id made, or null. The transaction holds the answer: nobody else forgets it meanwhile.</summary>
    public static async Task<RequestAnswer?> FindAsync(Transaction transaction, RequestKey key) => key.RequestId.Length == 0
        ? null
        : await transaction.QuerySingleOrDefaultAsync<RequestAnswer>($"SELECT subject, fingerprint FROM answered_requests WHERE {IsKey}{transaction.ForUpdate}", key);

    /// <summary>False when another request of this id was remembered first; waits for one that is at work.</summary>
    public async Task<bool> RememberAsync(Transaction transaction, RequestKey key, RequestAnswer answer)
    {
        if (key.RequestId.Length == 0)
        {
            return true;
        }

        var now = time.GetUtcNow();
        await transaction.ExecuteAsync(
            "DELETE FROM answered_requests WHERE environment = @Environment AND answered_at < @before",
            new { key.Environment, before = (now - Kept).ToMicroseconds() });
        return await transaction.ExecuteAsync(
            """
            INSERT INTO answered_requests (environment, kind, request_id, subject, fingerprint, answered_at)
            VALUES (@Environment, @Kind, @RequestId, @Subject, @Fingerprint, @answeredAt)
            ON CONFLICT DO NOTHING
            """,
            new { key.Environment, key.Kind, key.RequestId, answer.Subject, answer.Fingerprint, answeredAt = now.ToMicroseconds() }) == 1;
    }

    /// <summary>Makes the id free again: what was made for it is gone, or was not made after all.</summary>
    public static Task ForgetAsync(Transaction transaction, RequestKey key) => transaction.ExecuteAsync($"DELETE FROM answered_requests WHERE {IsKey}", key);
}
