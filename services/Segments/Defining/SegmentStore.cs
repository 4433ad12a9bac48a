using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>Segments in the database.</summary>
internal static class SegmentStore
{
    private const string Columns =
        """
        SELECT environment, segment, storage_id, display_name, description, rule, state, etag, version, first_version, feed_floor, member_count,
               evaluated_change, refresh_time, last_version, last_error
        FROM segments
        """;

    public static Task<Segment?> FindAsync(Session session, SegmentName name) =>
        OneAsync(session, $"{Columns} WHERE environment = @Environment AND segment = @Segment", name);

    /// <summary>Reads the segment and keeps its row locked until the transaction ends.</summary>
    public static Task<Segment?> LockAsync(Transaction transaction, SegmentName name) =>
        OneAsync(transaction, $"{Columns} WHERE environment = @Environment AND segment = @Segment{transaction.ForUpdate}", name);

    /// <summary>One page, and one item more when there is another page; in the byte order of the ids.</summary>
    public static Task<IReadOnlyList<Segment>> ListAsync(Session session, string environment, Paging paging)
    {
        var id = session.InByteOrder("segment");
        return ManyAsync(
            session,
            $"{Columns} WHERE environment = @environment AND {id} > @After ORDER BY {id} LIMIT @limit",
            new { environment, paging.After, limit = paging.Size + 1 });
    }

    /// <summary>The active segments of an environment, locked, in an order that two transactions share.</summary>
    public static Task<IReadOnlyList<Segment>> LockActiveAsync(Transaction transaction, string environment) => ManyAsync(
        transaction,
        $"{Columns} WHERE environment = @environment AND state = @active ORDER BY segment{transaction.ForUpdate}",
        new { environment, active = (long)SegmentState.Active });

    public static Task<IReadOnlyList<Segment>> ListAllAsync(Session session, string environment) =>
        ManyAsync(session, $"{Columns} WHERE environment = @environment", new { environment });

    public static Task<long> CountActiveAsync(Session session, string environment) => session.QuerySingleAsync<long>(
        "SELECT count(*) FROM segments WHERE environment = @environment AND state = @active",
        new { environment, active = (long)SegmentState.Active });

    /// <summary>False when the id is taken. The versions go on where a removed segment of this name stopped.</summary>
    public static async Task<bool> InsertAsync(Transaction transaction, Segment segment) => await transaction.ExecuteAsync(
        """
        INSERT INTO segments (environment, segment, display_name, description, rule, state, etag, storage_id, version, last_version,
                              first_version, feed_floor, member_count, evaluated_change, last_error)
        VALUES (@Environment, @Segment, @DisplayName, @Description, @rule, @state, @Etag, @StorageId, 0,
                COALESCE((SELECT last_version FROM retired_segments WHERE environment = @Environment AND segment = @Segment), 0), 0, 0, 0, 0, '')
        ON CONFLICT DO NOTHING
        """,
        Parameters(segment)) == 1;

    public static Task UpdateDefinitionAsync(Transaction transaction, Segment segment) => transaction.ExecuteAsync(
        """
        UPDATE segments SET display_name = @DisplayName, description = @Description, rule = @rule, state = @state, etag = @Etag
        WHERE environment = @Environment AND segment = @Segment
        """,
        Parameters(segment));

    /// <summary>Makes a membership the one that readers see; the first one activates the segment (SEG-20).</summary>
    public static Task PublishAsync(Transaction transaction, SegmentName name, Publication published) => transaction.ExecuteAsync(
        """
        UPDATE segments
        SET state = CASE WHEN version = 0 THEN @active ELSE state END, version = @Version, last_version = @Version,
            first_version = @FirstVersion, feed_floor = CASE WHEN feed_floor > @FeedFloor THEN feed_floor ELSE @FeedFloor END, member_count = @MemberCount, evaluated_change = @EvaluatedChange, refresh_time = @time, last_error = ''
        WHERE environment = @Environment AND segment = @Segment
        """,
        new
        {
            name.Environment,
            name.Segment,
            published.Version,
            published.FirstVersion,
            published.FeedFloor,
            published.MemberCount,
            published.EvaluatedChange,
            time = published.Time!.Value.ToMicroseconds(),
            active = (long)SegmentState.Active,
        });

    /// <summary>The change feed reaches back to this version, unless it reaches less far already.</summary>
    public static Task RaiseFloorAsync(Transaction transaction, Segment segment, long floor) => transaction.ExecuteAsync(
        """
        UPDATE segments SET feed_floor = @floor
        WHERE environment = @Environment AND segment = @Segment AND storage_id = @StorageId AND feed_floor < @floor
        """,
        new { segment.Name.Environment, segment.Name.Segment, segment.StorageId, floor });

    public static Task SetErrorAsync(Transaction transaction, SegmentName name, string error) => transaction.ExecuteAsync(
        "UPDATE segments SET last_error = @error WHERE environment = @Environment AND segment = @Segment",
        new { name.Environment, name.Segment, error });

    public static async Task RemoveAsync(Transaction transaction, Segment segment)
    {
        await transaction.ExecuteAsync(
            """
            INSERT INTO retired_segments (environment, segment, last_version) VALUES (@Environment, @Segment, @LastVersion)
            ON CONFLICT (environment, segment) DO UPDATE SET last_version = excluded.last_version
            """,
            new { segment.Name.Environment, segment.Name.Segment, segment.LastVersion });
        await transaction.ExecuteAsync("DELETE FROM segments WHERE environment = @Environment AND segment = @Segment", segment.Name);
    }

    private static object Parameters(Segment segment) => new
    {
        segment.Name.Environment,
        segment.Name.Segment,
        segment.Definition.DisplayName,
        segment.Definition.Description,
        rule = RuleWire.ToJson(segment.Definition.Rule),
        state = (long)segment.Definition.State,
        segment.Etag,
        segment.StorageId,
    };

    private static async Task<Segment?> OneAsync(Session session, string sql, SegmentName name) =>
        await session.QuerySingleOrDefaultAsync<Row>(sql, name) is { } row ? Read(row) : null;

    private static async Task<IReadOnlyList<Segment>> ManyAsync(Session session, string sql, object parameters) =>
        [.. (await session.QueryAsync<Row>(sql, parameters)).Select(Read)];

    private static Segment Read(Row row) => new(
        new SegmentName(row.Environment, row.Segment),
        row.StorageId,
        new SegmentDefinition(row.DisplayName, row.Description, RuleWire.FromJson(row.Rule), (SegmentState)row.State),
        row.Etag,
        new Publication(row.Version, row.FirstVersion, row.FeedFloor, row.MemberCount, row.EvaluatedChange, Timestamps.FromMicroseconds(row.RefreshTime)),
        row.LastVersion,
        row.LastError);

    private sealed record Row(
        string Environment, string Segment, string StorageId, string DisplayName, string Description, string Rule, long State, string Etag, long Version,
        long FirstVersion, long FeedFloor, long MemberCount, long EvaluatedChange, long? RefreshTime, long LastVersion, string LastError);
}
