using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>Runs in the database. To change a run's state, lock its export first, then the run.</summary>
internal static class RunStore
{
    /// <summary>The run, also of an export that was removed since.</summary>
    public static Task<ExportRun?> FindAsync(Session session, RunName name) => OneAsync(
        session,
        $"{RunRow.Select} WHERE runs.run = @Run AND runs.environment = @Environment AND runs.export = @Export",
        new { name.Run, name.Export.Environment, name.Export.Export });

    /// <summary>As <see cref="FindAsync"/>, with its row locked until the transaction ends.</summary>
    public static Task<ExportRun?> LockAsync(Transaction transaction, RunName name) => OneAsync(
        transaction,
        $"{RunRow.Select} WHERE runs.run = @Run AND runs.environment = @Environment AND runs.export = @Export{transaction.ForUpdate}",
        new { name.Run, name.Export.Environment, name.Export.Export });

    public static Task<ExportRun?> FindActiveAsync(Session session, string exportUid) =>
        OneAsync(session, $"{RunRow.Select} WHERE runs.export_uid = @exportUid AND runs.state IN (1, 2)", new { exportUid });

    public static Task<ExportRun?> FindByRequestAsync(Session session, string exportUid, string requestId) => OneAsync(
        session,
        $"{RunRow.Select} WHERE runs.export_uid = @exportUid AND runs.request_id = @requestId",
        new { exportUid, requestId });

    /// <summary>One page of the runs of an export, newest first (ids grow with time), and one more when there is another page.</summary>
    public static Task<IReadOnlyList<ExportRun>> ListAsync(Session session, string exportUid, Paging paging) => ManyAsync(
        session,
        $"{RunRow.Select} WHERE runs.export_uid = @exportUid AND (@After = '' OR runs.run < @After) ORDER BY runs.run DESC LIMIT @limit",
        new { exportUid, paging.After, limit = paging.Size + 1 });

    /// <summary>Active runs whose worker was last asked, and last heard of, before the given times; the oldest first.</summary>
    public static Task<IReadOnlyList<ExportRun>> ListSilentAsync(Session session, DateTimeOffset queuedBefore, DateTimeOffset heardBefore, int limit) => ManyAsync(
        session,
        $"""
        {RunRow.Select}
        WHERE (runs.state = 1 AND runs.publish_time < @queuedBefore)
           OR (runs.state = 2 AND runs.publish_time < @heardBefore AND runs.progress_time < @heardBefore
               AND (runs.throttled_until IS NULL OR runs.throttled_until < @heardBefore))
        ORDER BY runs.publish_time LIMIT @limit
        """,
        new { queuedBefore = queuedBefore.ToMicroseconds(), heardBefore = heardBefore.ToMicroseconds(), limit });

    public static async Task InsertAsync(Transaction transaction, ExportRun run)
    {
        await transaction.ExecuteAsync(RunRow.Insert, RunRow.Parameters(run));
        foreach (var (ordinal, segment) in run.Definition.Segments.Index())
        {
            await transaction.ExecuteAsync(
                "INSERT INTO run_segments (run, segment, ordinal, display_name, opened_version) VALUES (@Run, @segment, @ordinal, @name, @version)",
                new { run.Name.Run, segment, ordinal = (long)ordinal, name = run.SegmentDisplayNames.GetValueOrDefault(segment, ""), version = run.OpenedVersions.GetValueOrDefault(segment) });
        }
    }

    /// <summary>Writes what changes during a run: state, times, reason, counts.</summary>
    public static async Task UpdateAsync(Transaction transaction, ExportRun run)
    {
        await transaction.ExecuteAsync(RunRow.Update, RunRow.Parameters(run));
        foreach (var counts in run.SegmentCounts)
        {
            await transaction.ExecuteAsync(
                """
                UPDATE run_segments
                SET version = @Version, member_count = @MemberCount, read_count = @Read, sent_count = @Sent,
                    skipped_count = @Skipped, duplicate_count = @Duplicates, rejected_count = @Rejected, removed_count = @Removed
                WHERE run = @Run AND segment = @Segment
                """,
                new
                {
                    run.Name.Run,
                    counts.Segment,
                    counts.Version,
                    counts.MemberCount,
                    counts.Read,
                    counts.Sent,
                    counts.Skipped,
                    counts.Duplicates,
                    counts.Rejected,
                    counts.Removed,
                });
        }
    }

    public static Task SetPublishTimeAsync(Transaction transaction, RunName name, DateTimeOffset time) => transaction.ExecuteAsync(
        "UPDATE runs SET publish_time = @time WHERE run = @Run",
        new { name.Run, time = time.ToMicroseconds() });

    /// <summary>Counts refused rows, those listed and those beyond the limit; hearing of them is hearing of the run.</summary>
    public static Task AddRejectedAsync(Transaction transaction, RunName name, int listed, int unlisted, DateTimeOffset time) => transaction.ExecuteAsync(
        "UPDATE runs SET listed_rows = listed_rows + @listed, unlisted_rows = unlisted_rows + @unlisted, progress_time = @time WHERE run = @Run",
        new { name.Run, listed = (long)listed, unlisted = (long)unlisted, time = time.ToMicroseconds() });

    /// <summary>Removes ended runs, a bounded number at a time: old ones, and those whose export was removed.</summary>
    public static Task<int> DeleteEndedAsync(Transaction transaction, DateTimeOffset endedBefore, DateTimeOffset orphansEndedBefore, int limit) => transaction.ExecuteAsync(
        """
        DELETE FROM runs WHERE run IN (
            SELECT run FROM runs
            WHERE end_time < @endedBefore
               OR (end_time < @orphansEndedBefore AND NOT EXISTS (SELECT 1 FROM exports WHERE exports.uid = runs.export_uid))
            LIMIT @limit)
        """,
        new { endedBefore = endedBefore.ToMicroseconds(), orphansEndedBefore = orphansEndedBefore.ToMicroseconds(), limit });

    private static async Task<ExportRun?> OneAsync(Session session, string sql, object parameters) =>
        (await ManyAsync(session, sql, parameters)).SingleOrDefault();

    private static async Task<IReadOnlyList<ExportRun>> ManyAsync(Session session, string sql, object parameters)
    {
        var rows = await session.QueryAsync<RunRow>(sql, parameters);
        if (rows.Count == 0)
        {
            return [];
        }

        var segments = await session.QueryAsync<RunSegmentRow>(
            $"""
            SELECT run, segment, display_name, opened_version, version, member_count, read_count, sent_count, skipped_count, duplicate_count, rejected_count, removed_count
            FROM run_segments WHERE run {session.AnyOf("runs")} ORDER BY run, ordinal
            """,
            new { runs = rows.Select(row => row.Run).ToArray() });
        var byRun = segments.ToLookup(row => row.Run, StringComparer.Ordinal);
        return [.. rows.Select(row => row.ToRun([.. byRun[row.Run]]))];
    }
}
