using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Refreshes in the database: the history of each segment.</summary>
internal static class RefreshStore
{
    private const string Columns =
        """
        SELECT environment, segment, refresh, state, version, member_count, added_count, removed_count, requested_by, request_time,
               start_time, end_time, error
        FROM refreshes
        """;

    private const string IsSegment = "WHERE environment = @Environment AND segment = @Segment";

    public static async Task<SegmentRefresh?> FindAsync(Session session, RefreshName name, string forUpdate = "") =>
        await session.QuerySingleOrDefaultAsync<Row>(
            $"{Columns} {IsSegment} AND refresh = @Refresh{forUpdate}", new { name.Environment, name.Segment, name.Refresh }) is { } row ? Read(row) : null;

    public static async Task<SegmentRefresh?> FindQueuedAsync(Session session, SegmentName name) =>
        await session.QuerySingleOrDefaultAsync<Row>($"{Columns} {IsSegment} AND state = 1", name) is { } row ? Read(row) : null;

    /// <summary>Those that are queued or at work.</summary>
    public static async Task<IReadOnlyList<SegmentRefresh>> ListOpenAsync(Session session, SegmentName name) =>
        [.. (await session.QueryAsync<Row>($"{Columns} {IsSegment} AND state IN (1, 2)", name)).Select(Read)];

    /// <summary>Newest first: ids grow with time. One item more when there is another page.</summary>
    public static async Task<IReadOnlyList<SegmentRefresh>> ListAsync(Session session, SegmentName name, Paging paging)
    {
        var rows = await session.QueryAsync<Row>(
            $"{Columns} {IsSegment} AND (@After = '' OR refresh < @After) ORDER BY refresh DESC LIMIT @limit",
            new { name.Environment, name.Segment, paging.After, limit = paging.Size + 1 });
        return [.. rows.Select(Read)];
    }

    public static Task InsertQueuedAsync(Transaction transaction, SegmentRefresh refresh) => transaction.ExecuteAsync(
        """
        INSERT INTO refreshes (environment, segment, refresh, state, version, member_count, added_count, removed_count, requested_by, request_time, error)
        VALUES (@Environment, @Segment, @Refresh, 1, 0, 0, 0, 0, @RequestedBy, @requested, '')
        """,
        new { refresh.Name.Environment, refresh.Name.Segment, refresh.Name.Refresh, refresh.RequestedBy, requested = refresh.RequestTime.ToMicroseconds() });

    public static Task StartAsync(Transaction transaction, RefreshName name, DateTimeOffset time) => transaction.ExecuteAsync(
        $"UPDATE refreshes SET state = 2, start_time = @time {IsSegment} AND refresh = @Refresh AND state IN (1, 2)",
        new { name.Environment, name.Segment, name.Refresh, time = time.ToMicroseconds() });

    /// <summary>Ends a refresh that is queued or at work; false when it has ended already, or is gone.</summary>
    public static async Task<bool> EndAsync(
        Transaction transaction, RefreshName name, RefreshState state, RefreshCounts counts, DateTimeOffset time, string error = "") => await transaction.ExecuteAsync(
        $"""
        UPDATE refreshes
        SET state = @state, version = @Version, member_count = @Members, added_count = @Added, removed_count = @Removed, end_time = @time, error = @error
        {IsSegment} AND refresh = @Refresh AND state IN (1, 2)
        """,
        new
        {
            name.Environment,
            name.Segment,
            name.Refresh,
            state = (long)state,
            counts.Version,
            counts.Members,
            counts.Added,
            counts.Removed,
            time = time.ToMicroseconds(),
            error,
        }) == 1;

    public static Task RemoveAllAsync(Transaction transaction, SegmentName name) => transaction.ExecuteAsync($"DELETE FROM refreshes {IsSegment}", name);

    public static Task RemoveOlderAsync(Transaction transaction, SegmentName name, DateTimeOffset before) => transaction.ExecuteAsync(
        $"DELETE FROM refreshes {IsSegment} AND state NOT IN (1, 2) AND request_time < @before",
        new { name.Environment, name.Segment, before = before.ToMicroseconds() });

    /// <summary>The newest version that was published before a time; 0 when there is none.</summary>
    public static async Task<long> FindVersionBeforeAsync(Session session, SegmentName name, DateTimeOffset time) => await session.QuerySingleAsync<long>(
        $"SELECT COALESCE(max(version), 0) FROM refreshes {IsSegment} AND state = 3 AND end_time < @time",
        new { name.Environment, name.Segment, time = time.ToMicroseconds() });

    private static SegmentRefresh Read(Row row) => new(
        new RefreshName(row.Environment, row.Segment, row.Refresh),
        (RefreshState)row.State,
        new RefreshCounts(row.Version, row.MemberCount, row.AddedCount, row.RemovedCount),
        row.RequestedBy,
        Timestamps.FromMicroseconds(row.RequestTime),
        Timestamps.FromMicroseconds(row.StartTime),
        Timestamps.FromMicroseconds(row.EndTime),
        row.Error);

    private sealed record Row(
        string Environment, string Segment, string Refresh, long State, long Version, long MemberCount, long AddedCount, long RemovedCount,
        string RequestedBy, long RequestTime, long? StartTime, long? EndTime, string Error);
}
