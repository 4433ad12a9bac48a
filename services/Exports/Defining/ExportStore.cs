using System.Text.Json;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>Exports in the database. Whoever changes the runs of an export holds its row: see <see cref="LockAsync"/>.</summary>
internal static class ExportStore
{
    private const string Columns =
        """
        SELECT uid, environment, export, display_name, connection, settings_type, settings, follow_refreshes, warnings, create_time,
               created_by, request_id, etag, due, last_run_state, last_run_time, failures_in_a_row
        FROM exports
        """;

    public static async Task<Export?> FindAsync(Session session, ExportName name) =>
        await OneAsync(session, $"{Columns} WHERE environment = @Environment AND export = @Export", name);

    public static Task<Export?> FindByUidAsync(Session session, string uid) => OneAsync(session, $"{Columns} WHERE uid = @uid", new { uid });

    /// <summary>Those of the uids that belong to an export.</summary>
    public static Task<IReadOnlyList<string>> FindPresentAsync(Session session, IEnumerable<string> uids) =>
        session.QueryAsync<string>($"SELECT uid FROM exports WHERE uid {session.AnyOf("uids")}", new { uids = uids.ToArray() });

    public static Task<Export?> FindByRequestAsync(Session session, string environment, string requestId) =>
        OneAsync(session, $"{Columns} WHERE environment = @environment AND request_id = @requestId", new { environment, requestId });

    /// <summary>Reads the export and keeps its row locked until the transaction ends.</summary>
    public static Task<Export?> LockAsync(Transaction transaction, ExportName name) =>
        OneAsync(transaction, $"{Columns} WHERE environment = @Environment AND export = @Export{transaction.ForUpdate}", name);

    /// <summary>As <see cref="LockAsync"/>, by uid: null when the export was removed, even if its name is in use again.</summary>
    public static Task<Export?> LockByUidAsync(Transaction transaction, string uid) =>
        OneAsync(transaction, $"{Columns} WHERE uid = @uid{transaction.ForUpdate}", new { uid });

    /// <summary>One page, and one item more when there is another page. Ordered by name.</summary>
    public static Task<IReadOnlyList<Export>> ListAsync(Session session, string environment, string connection, Paging paging) => ManyAsync(
        session,
        $"""
        {Columns}
        WHERE environment = @environment AND export > @After AND (@connection = '' OR connection = @connection)
        ORDER BY export LIMIT @limit
        """,
        new { environment, connection, paging.After, limit = paging.Size + 1 });

    /// <summary>All exports of an environment to one type of destination that have a connection.</summary>
    public static Task<IReadOnlyList<Export>> ListConnectedAsync(Session session, string environment, string type) => ManyAsync(
        session, $"{Columns} WHERE environment = @environment AND settings_type = @type AND connection <> '' ORDER BY export", new { environment, type });

    /// <summary>The exports that follow refreshes of a segment, locked, in an order that two transactions share.</summary>
    public static Task<IReadOnlyList<Export>> LockFollowersAsync(Transaction transaction, string segment) => ManyAsync(
        transaction,
        $"""
        {Columns}
        WHERE follow_refreshes = 1 AND connection <> '' AND uid IN (SELECT export_uid FROM export_segments WHERE segment = @segment)
        ORDER BY uid{transaction.ForUpdate}
        """,
        new { segment });

    /// <summary>Exports that follow refreshes and have neither a run at work nor one to be opened, by uid.</summary>
    public static Task<IReadOnlyList<Export>> ListIdleFollowersAsync(Session session, string afterUid, int limit) => ManyAsync(
        session,
        $"""
        {Columns}
        WHERE follow_refreshes = 1 AND connection <> '' AND due = 0 AND uid > @afterUid
          AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.export_uid = exports.uid AND runs.state IN (1, 2))
        ORDER BY uid LIMIT @limit
        """,
        new { afterUid, limit });

    /// <summary>Segments with the newest version that asks for no run any more.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> SettledVersionsAsync(Session session, string uid) =>
        (await session.QueryAsync<SettledRow>("SELECT segment, settled_version FROM export_segments WHERE export_uid = @uid", new { uid }))
        .ToDictionary(row => row.Segment, row => row.SettledVersion, StringComparer.Ordinal);

    /// <summary>False when the name or the request id is taken, also by a transaction that ended a moment ago.</summary>
    public static async Task<bool> InsertAsync(Transaction transaction, Export export, IReadOnlyDictionary<string, long> settledVersions)
    {
        var inserted = await transaction.ExecuteAsync(
            """
            INSERT INTO exports (uid, environment, export, display_name, connection, settings_type, settings, follow_refreshes,
                                 warnings, create_time, created_by, request_id, etag)
            VALUES (@Uid, @Environment, @Export, @DisplayName, @Connection, @Type, @Document, @follows,
                    @warnings, @created, @CreatedBy, @RequestId, @Etag)
            ON CONFLICT DO NOTHING
            """,
            new
            {
                export.Uid,
                export.Name.Environment,
                export.Name.Export,
                export.Definition.DisplayName,
                export.Definition.Connection,
                export.Definition.Settings.Type,
                export.Definition.Settings.Document,
                follows = export.Definition.FollowRefreshes ? 1L : 0L,
                warnings = JsonSerializer.Serialize(export.Warnings),
                created = export.CreateTime.ToMicroseconds(),
                export.CreatedBy,
                export.RequestId,
                export.Etag,
            });
        if (inserted == 1)
        {
            await InsertSegmentsAsync(transaction, export, settledVersions);
        }

        return inserted == 1;
    }

    public static async Task UpdateDefinitionAsync(Transaction transaction, Export export, IReadOnlyDictionary<string, long> settledVersions)
    {
        await transaction.ExecuteAsync(
            """
            UPDATE exports
            SET display_name = @DisplayName, connection = @Connection, settings_type = @Type, settings = @Document,
                follow_refreshes = @follows, warnings = @warnings, etag = @Etag, due = @due
            WHERE uid = @Uid
            """,
            new
            {
                export.Uid,
                export.Definition.DisplayName,
                export.Definition.Connection,
                export.Definition.Settings.Type,
                export.Definition.Settings.Document,
                follows = export.Definition.FollowRefreshes ? 1L : 0L,
                warnings = JsonSerializer.Serialize(export.Warnings),
                export.Etag,
                due = (long)(export.Due ?? 0),
            });
        await transaction.ExecuteAsync("DELETE FROM export_segments WHERE export_uid = @Uid", new { export.Uid });
        await InsertSegmentsAsync(transaction, export, settledVersions);
    }

    public static Task DeleteAsync(Transaction transaction, string uid) =>
        transaction.ExecuteAsync("DELETE FROM exports WHERE uid = @uid", new { uid });

    /// <summary>Remembers that a run is to be opened, or (null) that it was.</summary>
    public static Task SetDueAsync(Transaction transaction, string uid, RunTrigger? trigger) =>
        transaction.ExecuteAsync("UPDATE exports SET due = @due WHERE uid = @uid", new { uid, due = (long)(trigger ?? 0) });

    public static Task SetWarningsAsync(Transaction transaction, string uid, IReadOnlyList<string> warnings) =>
        transaction.ExecuteAsync("UPDATE exports SET warnings = @warnings WHERE uid = @uid", new { uid, warnings = JsonSerializer.Serialize(warnings) });

    /// <summary>Shows the state of its last run; a run that ended also sets the time and counts failures in a row.</summary>
    public static Task SetLastRunAsync(Transaction transaction, string uid, RunState state, DateTimeOffset? ended) => transaction.ExecuteAsync(
        """
        UPDATE exports
        SET last_run_state = @state,
            last_run_time = COALESCE(@ended, last_run_time),
            failures_in_a_row = CASE WHEN @state = 3 THEN 0 WHEN @state = 4 THEN failures_in_a_row + 1 ELSE failures_in_a_row END
        WHERE uid = @uid
        """,
        new { uid, state = (long)state, ended = ended?.ToMicroseconds() });

    /// <summary>Records that versions ask for no run any more. Never goes back; segments that the export no longer holds are passed over.</summary>
    public static async Task SettleAsync(Transaction transaction, string uid, IReadOnlyDictionary<string, long> versions)
    {
        foreach (var (segment, version) in versions)
        {
            await transaction.ExecuteAsync(
                "UPDATE export_segments SET settled_version = @version WHERE export_uid = @uid AND segment = @segment AND settled_version < @version",
                new { uid, segment, version });
        }
    }

    private static async Task InsertSegmentsAsync(Transaction transaction, Export export, IReadOnlyDictionary<string, long> settledVersions)
    {
        foreach (var (ordinal, segment) in export.Definition.Segments.Index())
        {
            await transaction.ExecuteAsync(
                "INSERT INTO export_segments (export_uid, segment, ordinal, settled_version) VALUES (@Uid, @segment, @ordinal, @settled)",
                new { export.Uid, segment, ordinal = (long)ordinal, settled = settledVersions.GetValueOrDefault(segment) });
        }
    }

    private static async Task<Export?> OneAsync(Session session, string sql, object parameters) =>
        (await ManyAsync(session, sql, parameters)).SingleOrDefault();

    private static async Task<IReadOnlyList<Export>> ManyAsync(Session session, string sql, object parameters)
    {
        var rows = await session.QueryAsync<ExportRow>(sql, parameters);
        if (rows.Count == 0)
        {
            return [];
        }

        var segments = await session.QueryAsync<SegmentRow>(
            $"SELECT export_uid, segment FROM export_segments WHERE export_uid {session.AnyOf("uids")} ORDER BY export_uid, ordinal",
            new { uids = rows.Select(row => row.Uid).ToArray() });
        var byExport = segments.ToLookup(row => row.ExportUid, row => row.Segment);
        return [.. rows.Select(row => row.ToExport([.. byExport[row.Uid]]))];
    }

    private sealed record SettledRow(string Segment, long SettledVersion);

    private sealed record SegmentRow(string ExportUid, string Segment);

    private sealed record ExportRow(
        string Uid,
        string Environment,
        string Export,
        string DisplayName,
        string Connection,
        string SettingsType,
        string Settings,
        long FollowRefreshes,
        string Warnings,
        long CreateTime,
        string CreatedBy,
        string RequestId,
        string Etag,
        long Due,
        long LastRunState,
        long? LastRunTime,
        long FailuresInARow)
    {
        public Export ToExport(IReadOnlyList<string> segments) => new(
            Uid,
            new ExportName(Environment, Export),
            new ExportDefinition(DisplayName, Connection, segments, new DestinationSettings(SettingsType, Settings), FollowRefreshes == 1),
            JsonSerializer.Deserialize<string[]>(Warnings)!,
            Timestamps.FromMicroseconds(CreateTime),
            CreatedBy,
            RequestId,
            Etag)
        {
            Due = Due == 0 ? null : (RunTrigger)Due,
            LastRunState = LastRunState == 0 ? null : (RunState)LastRunState,
            LastRunTime = Timestamps.FromMicroseconds(LastRunTime),
            FailuresInARow = (int)FailuresInARow,
        };
    }
}
