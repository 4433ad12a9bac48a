using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Reporting;

/// <summary>
/// Lists refused rows of a run, each customer once, up to a limit; beyond it rows are counted only. Their classes count what
/// is listed, since beyond the limit repeats cannot be told apart; the completion brings the final counts.
/// </summary>
internal sealed class RecordRejectedRows(Database database, CheckWorker worker, IOptions<ExportsOptions> options, TimeProvider time)
{
    private const int MaxRows = 1_000;

    /// <summary>Null when they are recorded, or the run is over.</summary>
    public async Task<Refusal?> RunAsync(ClaimedRun claimed, IReadOnlyList<RejectedRow> rows, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Check(rows.Count is > 0 and <= MaxRows, "rows", $"must hold 1 to {MaxRows} rows.");
        foreach (var (index, row) in rows.Index().Take(MaxRows))
        {
            row.Check($"rows[{index}]", violations);
        }

        return violations.None
            ? await database.WriteAsync(transaction => RecordAsync(transaction, claimed, rows), cancellationToken)
            : violations.ToRefusal();
    }

    private async Task<Refusal?> RecordAsync(Transaction transaction, ClaimedRun claimed, IReadOnlyList<RejectedRow> rows)
    {
        var name = claimed.Name;
        if (await RunStore.LockAsync(transaction, name) is not { } run)
        {
            return Refusal.NotFound(name.ToString());
        }

        if (worker.Refuse(run, claimed) is { } refusal)
        {
            return refusal;
        }

        if (!run.State.IsActive())
        {
            return null;
        }

        var listed = await RejectedRowStore.FindListedAsync(transaction, name.Run, rows.Select(row => row.CustomerId));
        var fresh = rows.Where(row => !listed.Contains(row.CustomerId)).DistinctBy(row => row.CustomerId).ToList();
        var kept = fresh.Take((int)Math.Max(0, options.Value.MaxListedRows - run.ListedRows)).ToList();
        await RejectedRowStore.InsertAsync(transaction, name.Run, kept);
        await RejectedRowStore.CountAsync(
            transaction,
            name.Run,
            kept.GroupBy(row => row.Reason).Select(group => new RejectionClass(group.Key, group.Count(), group.First().CustomerId)));
        await RunStore.AddRejectedAsync(transaction, name, kept.Count, fresh.Count - kept.Count, time.GetUtcNow());
        return null;
    }
}
