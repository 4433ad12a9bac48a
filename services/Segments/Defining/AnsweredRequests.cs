using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>What was made for which request id. Kept for a week: longer than anybody repeats a request.</summary>
internal sealed class AnsweredRequests(TimeProvider time)
{
    public const string CreateSegment = "create-segment";
    public const string RefreshSegment = "refresh-segment";

    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>What an earlier request of this id made, or null.</summary>
    public static async Task<string?> FindAsync(Session session, string environment, string kind, string requestId) => requestId.Length == 0
        ? null
        : await session.QuerySingleOrDefaultAsync<string>(
            "SELECT subject FROM answered_requests WHERE environment = @environment AND kind = @kind AND request_id = @requestId",
            new { environment, kind, requestId });

    public async Task RememberAsync(Transaction transaction, string environment, string kind, string requestId, string subject)
    {
        if (requestId.Length == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        await transaction.ExecuteAsync(
            """
            INSERT INTO answered_requests (environment, kind, request_id, subject, answered_at)
            VALUES (@environment, @kind, @requestId, @subject, @answeredAt)
            ON CONFLICT (environment, kind, request_id) DO UPDATE SET subject = excluded.subject, answered_at = excluded.answered_at
            """,
            new { environment, kind, requestId, subject, answeredAt = now.ToMicroseconds() });
        await transaction.ExecuteAsync(
            "DELETE FROM answered_requests WHERE environment = @environment AND answered_at < @before",
            new { environment, before = (now - Kept).ToMicroseconds() });
    }
}
