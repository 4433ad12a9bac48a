using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Running;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>Deletes what need not be remembered any more, a page at a time, so that runs get their turn.</summary>
internal static class ForgetStore
{
    private const int PageSize = 5_000;

    /// <summary>Uids of exports with audiences after one, in their order.</summary>
    public static Task<IReadOnlyList<string>> ListExportsAsync(Session session, string after, int limit) => session.QueryAsync<string>(
        "SELECT DISTINCT export FROM audiences WHERE export > @after ORDER BY export LIMIT @limit", new { after, limit });

    public static Task<IReadOnlyList<long>> ListAudiencesAsync(Session session) =>
        session.QueryAsync<long>("SELECT audience_id FROM audiences ORDER BY audience_id");

    /// <summary>The audiences of one export, at all accounts.</summary>
    public static Task<IReadOnlyList<long>> ListAudiencesAsync(Session session, string export) =>
        session.QueryAsync<long>("SELECT audience_id FROM audiences WHERE export = @export ORDER BY audience_id", new { export });

    /// <summary>
    /// Keeps runs from opening the audience until the transaction ends. False when a run has opened it that is not over:
    /// it has read rows of the ledger and relies on their being there.
    /// </summary>
    public static async Task<bool> LockIdleAsync(Transaction transaction, long audienceId)
    {
        await transaction.QueryAsync<long>($"SELECT audience_id FROM audiences WHERE audience_id = @audienceId{transaction.ForUpdate}", new { audienceId });
        return await transaction.QuerySingleAsync<long>(
            """
            SELECT COUNT(*) FROM run_audiences
              JOIN runs ON runs.run_id = run_audiences.run_id
              JOIN jobs ON jobs.kind = @kind AND jobs.job_key = runs.run
            WHERE run_audiences.audience_id = @audienceId
            """,
            new { audienceId, kind = DeliverRun.JobKind }) == 0;
    }

    /// <summary>Deletes rows of the ledger after a customer id; the last of them, or null at the end.</summary>
    public static async Task<string?> DeletePageAsync(Transaction transaction, long audienceId, string after)
    {
        var last = await FindEndOfPageAsync(transaction, audienceId, after);
        await transaction.ExecuteAsync(
            "DELETE FROM ledger WHERE audience_id = @audienceId AND customer_id > @after AND customer_id <= @last", new { audienceId, after, last });
        return last;
    }

    /// <summary>
    /// Looks at rows of the ledger after a customer id and deletes those of customers who were taken out before a time, unless
    /// the destination is still to be told; the last row that it looked at, or null at the end.
    /// </summary>
    public static async Task<string?> DeleteRemovedAsync(Transaction transaction, long audienceId, string after, DateTimeOffset before)
    {
        var last = await FindEndOfPageAsync(transaction, audienceId, after);
        await transaction.ExecuteAsync(
            $"""
            DELETE FROM ledger
            WHERE audience_id = @audienceId AND customer_id > @after AND customer_id <= @last
              AND state = {(int)LedgerState.Removed} AND settled_at < @before
              AND NOT EXISTS (SELECT 1 FROM removals WHERE removals.audience_id = ledger.audience_id AND removals.key = ledger.key)
            """,
            new { audienceId, after, last, before = before.ToMicroseconds() });
        return last;
    }

    /// <summary>Deletes an audience with all that is left of it.</summary>
    public static async Task DeleteAudienceAsync(Transaction transaction, long audienceId)
    {
        foreach (var table in new[] { "ledger", "removals", "flights", "files", "run_audiences", "audiences" })
        {
            await transaction.ExecuteAsync($"DELETE FROM {table} WHERE audience_id = @audienceId", new { audienceId });
        }
    }

    /// <summary>
    /// Deletes runs without a job: Exports was told of their end, or does not want them any more. The newest stays, because
    /// SQLite would give its number to the next run, and the ledger knows runs by number.
    /// </summary>
    public static async Task<int> DeleteEndedRunsAsync(Transaction transaction, int limit)
    {
        var runs = await transaction.QueryAsync<long>(
            """
            SELECT run_id FROM runs
            WHERE run_id < (SELECT MAX(run_id) FROM runs)
              AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.kind = @kind AND jobs.job_key = runs.run)
            ORDER BY run_id LIMIT @limit
            """,
            new { kind = DeliverRun.JobKind, limit });
        await transaction.ExecuteAsync($"DELETE FROM run_audiences WHERE run_id {transaction.AnyOf("runs")}", new { runs = runs.ToArray() });
        await transaction.ExecuteAsync($"DELETE FROM runs WHERE run_id {transaction.AnyOf("runs")}", new { runs = runs.ToArray() });
        return runs.Count;
    }

    private static Task<string?> FindEndOfPageAsync(Session session, long audienceId, string after) => session.QuerySingleAsync<string?>(
        """
        SELECT MAX(customer_id) FROM (
          SELECT customer_id FROM ledger WHERE audience_id = @audienceId AND customer_id > @after ORDER BY customer_id LIMIT @limit) AS page
        """,
        new { audienceId, after, limit = PageSize });
}
