using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Running;

/// <summary>A row of the table runs, and the statements that must name all its columns.</summary>
internal sealed record RunRow(
    string Run,
    string ExportUid,
    string Environment,
    string Export,
    long State,
    long RunTrigger,
    string StartedBy,
    long FullComparison,
    long ResendAll,
    long EmptyAudiences,
    string RequestId,
    string DisplayName,
    string Connection,
    string SettingsType,
    string Settings,
    string DefinitionEtag,
    string DestinationAccount,
    long RequestTime,
    long PublishTime,
    long? StartTime,
    long? ProgressTime,
    long? EndTime,
    long? ThrottledUntil,
    long CancelRequested,
    string Reason,
    string Message,
    long ReadCount,
    long AddedCount,
    long UpdatedCount,
    long UnchangedCount,
    long RemovedCount,
    long SkippedCount,
    long DuplicateCount,
    long RejectedCount,
    long RequestCount,
    long RemovalRejectedCount,
    long ListedRows,
    long UnlistedRows,
    string ExportUser)
{
    public const string Select =
        """
        SELECT run, export_uid, environment, export, state, run_trigger, started_by, full_comparison, resend_all, empty_audiences, request_id, display_name,
               connection, settings_type, settings, definition_etag, destination_account, request_time, publish_time, start_time,
               progress_time, end_time, throttled_until, cancel_requested, reason, message, read_count, added_count,
               updated_count, unchanged_count, removed_count, skipped_count, duplicate_count, rejected_count, request_count,
               removal_rejected_count, listed_rows, unlisted_rows, export_user
        FROM runs
        """;

    public const string Insert =
        """
        INSERT INTO runs (run, export_uid, environment, export, state, run_trigger, started_by, full_comparison, resend_all, empty_audiences, request_id,
                          display_name, connection, settings_type, settings, definition_etag, destination_account,
                          request_time, publish_time, end_time, reason, message, export_user)
        VALUES (@Run, @ExportUid, @Environment, @Export, @State, @RunTrigger, @StartedBy, @FullComparison, @ResendAll, @EmptyAudiences, @RequestId,
                @DisplayName, @Connection, @SettingsType, @Settings, @DefinitionEtag, @DestinationAccount,
                @RequestTime, @PublishTime, @EndTime, @Reason, @Message, @ExportUser)
        """;

    public const string Update =
        """
        UPDATE runs
        SET state = @State, start_time = @StartTime, progress_time = @ProgressTime, end_time = @EndTime,
            throttled_until = @ThrottledUntil, cancel_requested = @CancelRequested, reason = @Reason, message = @Message,
            read_count = @ReadCount, added_count = @AddedCount, updated_count = @UpdatedCount, unchanged_count = @UnchangedCount,
            removed_count = @RemovedCount, skipped_count = @SkippedCount, duplicate_count = @DuplicateCount,
            rejected_count = @RejectedCount, request_count = @RequestCount, removal_rejected_count = @RemovalRejectedCount,
            listed_rows = @ListedRows, unlisted_rows = @UnlistedRows
        WHERE run = @Run
        """;

    public static RunRow Parameters(ExportRun run) => new(
        run.Name.Run,
        run.ExportUid,
        run.Name.Export.Environment,
        run.Name.Export.Export,
        (long)run.State,
        (long)run.Trigger,
        run.StartedBy,
        run.FullComparison ? 1 : 0,
        run.ResendAll ? 1 : 0,
        run.EmptyAudiences ? 1 : 0,
        run.RequestId,
        run.Definition.DisplayName,
        run.Definition.Connection,
        run.Definition.Settings.Type,
        run.Definition.Settings.Document,
        run.DefinitionEtag,
        run.DestinationAccount,
        run.RequestTime.ToMicroseconds(),
        run.PublishTime.ToMicroseconds(),
        run.StartTime?.ToMicroseconds(),
        run.ProgressTime?.ToMicroseconds(),
        run.EndTime?.ToMicroseconds(),
        run.ThrottledUntil?.ToMicroseconds(),
        run.CancelRequested ? 1 : 0,
        run.Reason,
        run.Message,
        run.Counts.Read,
        run.Counts.Added,
        run.Counts.Updated,
        run.Counts.Unchanged,
        run.Counts.Removed,
        run.Counts.Skipped,
        run.Counts.Duplicates,
        run.Counts.Rejected,
        run.Counts.Requests,
        run.Counts.RemovalsRejected,
        run.ListedRows,
        run.UnlistedRows,
        run.ExportUser);

    public ExportRun ToRun(IReadOnlyList<RunSegmentRow> segments) => new(
        new RunName(new ExportName(Environment, Export), Run),
        ExportUid,
        (RunState)State,
        (RunTrigger)RunTrigger,
        StartedBy,
        FullComparison == 1,
        RequestId,
        // Whether it follows refreshes plays no part in a run.
        new ExportDefinition(DisplayName, Connection, [.. segments.Select(row => row.Segment)], new DestinationSettings(SettingsType, Settings), FollowRefreshes: true),
        DefinitionEtag,
        DestinationAccount,
        Timestamps.FromMicroseconds(RequestTime))
    {
        ExportUser = ExportUser,
        ResendAll = ResendAll == 1,
        EmptyAudiences = EmptyAudiences == 1,
        PublishTime = Timestamps.FromMicroseconds(PublishTime),
        StartTime = Timestamps.FromMicroseconds(StartTime),
        ProgressTime = Timestamps.FromMicroseconds(ProgressTime),
        EndTime = Timestamps.FromMicroseconds(EndTime),
        ThrottledUntil = Timestamps.FromMicroseconds(ThrottledUntil),
        CancelRequested = CancelRequested == 1,
        Reason = Reason,
        Message = Message,
        Counts = new RunCounts(
            ReadCount, AddedCount, UpdatedCount, UnchangedCount, RemovedCount, SkippedCount, DuplicateCount, RejectedCount, RequestCount, RemovalRejectedCount),
        SegmentCounts = [.. segments.Select(row => row.ToCounts())],
        OpenedVersions = segments.ToDictionary(row => row.Segment, row => row.OpenedVersion, StringComparer.Ordinal),
        SegmentDisplayNames = segments.Where(row => row.DisplayName.Length > 0).ToDictionary(row => row.Segment, row => row.DisplayName, StringComparer.Ordinal),
        ListedRows = ListedRows,
        UnlistedRows = UnlistedRows,
    };
}

/// <summary>A row of the table run_segments.</summary>
internal sealed record RunSegmentRow(
    string Run,
    string Segment,
    string DisplayName,
    long OpenedVersion,
    long Version,
    long MemberCount,
    long ReadCount,
    long SentCount,
    long SkippedCount,
    long DuplicateCount,
    long RejectedCount,
    long? RemovedCount)
{
    public SegmentCounts ToCounts() =>
        new(Segment, Version, MemberCount, ReadCount, SentCount, SkippedCount, DuplicateCount, RejectedCount) { Removed = RemovedCount };
}
