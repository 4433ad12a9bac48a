using System.Text;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Reporting;

/// <summary>Refused rows of runs, and their classes.</summary>
internal static class RejectedRowStore
{
    private const int MaxClasses = 50;

    /// <summary>Those of the customers that are listed already.</summary>
    public static async Task<IReadOnlySet<string>> FindListedAsync(Session session, string run, IEnumerable<string> customerIds) => (await session.QueryAsync<string>(
            $"SELECT customer_id FROM rejected_rows WHERE run = @run AND customer_id {session.AnyOf("customerIds")}",
            new { run, customerIds = customerIds.ToArray() }))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Adds rows that are not listed yet, in one statement.</summary>
    public static async Task InsertAsync(Transaction transaction, string run, IReadOnlyList<RejectedRow> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var sql = new StringBuilder("INSERT INTO rejected_rows (run, customer_id, reason, message) VALUES ");
        var parameters = new Dictionary<string, object> { ["run"] = run };
        foreach (var (index, row) in rows.Index())
        {
            sql.Append(index == 0 ? "" : ", ").Append($"(@run, @c{index}, @r{index}, @m{index})");
            parameters[$"c{index}"] = row.CustomerId;
            parameters[$"r{index}"] = row.Reason;
            parameters[$"m{index}"] = row.Message;
        }

        await transaction.ExecuteAsync(sql.ToString(), parameters);
    }

    public static async Task CountAsync(Transaction transaction, string run, IEnumerable<RejectionClass> classes)
    {
        foreach (var rejections in classes)
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO rejection_classes (run, reason, row_count, first_customer_id) VALUES (@run, @Reason, @RowCount, @FirstCustomerId)
                ON CONFLICT (run, reason) DO UPDATE SET row_count = rejection_classes.row_count + excluded.row_count
                """,
                new { run, rejections.Reason, rejections.RowCount, rejections.FirstCustomerId });
        }
    }

    /// <summary>Puts final counts in the place of those so far.</summary>
    public static async Task ReplaceClassesAsync(Transaction transaction, string run, IEnumerable<RejectionClass> classes)
    {
        await transaction.ExecuteAsync("DELETE FROM rejection_classes WHERE run = @run", new { run });
        await CountAsync(transaction, run, classes);
    }

    /// <summary>One page, and one row more when there is another page. Ordered by customer id.</summary>
    public static Task<IReadOnlyList<RejectedRow>> ListAsync(Session session, string run, Paging paging) => session.QueryAsync<RejectedRow>(
        "SELECT customer_id, reason, message FROM rejected_rows WHERE run = @run AND customer_id > @After ORDER BY customer_id LIMIT @limit",
        new { run, paging.After, limit = paging.Size + 1 });

    /// <summary>The classes of a run, the largest first.</summary>
    public static Task<IReadOnlyList<RejectionClass>> ListClassesAsync(Session session, string run) => session.QueryAsync<RejectionClass>(
        "SELECT reason, row_count, first_customer_id FROM rejection_classes WHERE run = @run ORDER BY row_count DESC, reason LIMIT @limit",
        new { run, limit = MaxClasses });
}
