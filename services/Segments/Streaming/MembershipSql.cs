using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;

namespace CustomerInsights.Segments.Streaming;

/// <summary>An SQL text with the parameters it needs.</summary>
internal sealed record Statement(string Sql, IReadOnlyDictionary<string, object> Parameters);

/// <summary>
/// The statements of the membership streams, for one set and the segments of a request. A statement that could not return
/// anything is null. CROSS JOIN keeps SQLite from turning the order of the tables around; PostgreSQL does not mind it.
/// A member whose profile is deleted is none, even before the next refresh says so.
/// </summary>
internal sealed class MembershipSql(ProfileSet set, IReadOnlyList<Segment> segments, IReadOnlyList<ProfileAttribute> attributes)
{
    private const string Id = ProfileSet.IdColumn;
    private const string Changed = ProfileSet.ChangedColumn;

    private readonly List<(Segment Segment, string Alias, ulong Bit)> _tables =
    [
        .. segments.Select((s, i) => (Segment: s, Alias: string.Create(CultureInfo.InvariantCulture, $"m{i}"), Bit: 1UL << i))
            .Where(t => t.Segment.Published.Version > 0),
    ];

    private string Columns => string.Concat(attributes.Select(a => $", p.{set.Schema.ColumnOf(a)}"));

    private string Bits => string.Join(" + ", _tables.Select(t => $"CASE WHEN {t.Alias}.customer_id IS NULL THEN 0 ELSE {Literal(t.Bit)} END"));

    private string JoinMembers => string.Join(
        "\n", _tables.Select(t => $"LEFT JOIN {t.Segment.MemberTable} {t.Alias} ON {t.Alias}.customer_id = p.{Id} AND {t.Alias}.is_member"));

    private string IsMember => $"({string.Join(" OR ", _tables.Select(t => $"{t.Alias}.customer_id IS NOT NULL"))})";

    /// <summary>All members after an id, ordered: id, bits, attributes.</summary>
    public Statement? Members(string startAfter)
    {
        var parameters = new Dictionary<string, object> { ["after"] = startAfter };
        return _tables switch
        {
            [] => null,
            [var only] => new Statement(
                $"""
                SELECT p.{Id}, {Literal(only.Bit)}{Columns}
                FROM {only.Segment.MemberTable} m CROSS JOIN {set.Table} p
                WHERE p.{Id} = m.customer_id AND m.is_member AND m.customer_id > @after
                ORDER BY m.customer_id
                """,
                parameters),
            _ => new Statement(
                $"""
                SELECT p.{Id}, {Bits}{Columns}
                FROM {set.Table} p
                {JoinMembers}
                WHERE p.{Id} > @after AND {IsMember}
                ORDER BY p.{Id}
                """,
                parameters),
        };
    }

    /// <summary>Members that joined, changed or whose segments changed: id, bits, attributes, ordered.</summary>
    public Statement? Upserts(FeedPosition since)
    {
        var parameters = Since(since);
        var candidates = ChangedMembers(since, "").ToList();
        if (set.ChangeNumber > since.ChangeNumber)
        {
            candidates.Add($"SELECT {Id} AS id FROM {set.Table} WHERE {Changed} > @change");
        }

        return candidates.Count == 0 || _tables.Count == 0 ? null : new Statement(
            $"""
            SELECT p.{Id}, {Bits}{Columns}
            FROM ({string.Join(" UNION ", candidates)}) c
            CROSS JOIN {set.Table} p
            {JoinMembers}
            WHERE p.{Id} = c.id AND {IsMember}
            ORDER BY p.{Id}
            """,
            parameters);
    }

    /// <summary>Ids of customers that were a member of one of the segments and are of none any more, ordered.</summary>
    public Statement? Removals(FeedPosition since)
    {
        var gone = ChangedMembers(since, " AND NOT is_member").ToList();
        if (set.ChangeNumber > since.ChangeNumber)
        {
            // A profile that was deleted after the last refresh is still marked as a member.
            gone.AddRange(_tables.Select(t =>
                $"SELECT d.{Id} AS id FROM {set.DeletionTable} d CROSS JOIN {t.Segment.MemberTable} m WHERE d.{Changed} > @change AND m.customer_id = d.{Id} AND m.is_member"));
        }

        return gone.Count == 0 ? null : new Statement(
            $"""
            SELECT c.id
            FROM ({string.Join(" UNION ", gone)}) c
            LEFT JOIN {set.Table} p ON p.{Id} = c.id
            {JoinMembers}
            WHERE p.{Id} IS NULL OR NOT {IsMember}
            ORDER BY c.id
            """,
            Since(since));
    }

    /// <summary>Number of members of a segment whose profiles were deleted after its last refresh.</summary>
    public Statement? DeletedMembers(Segment segment)
    {
        var parameters = new Dictionary<string, object> { ["evaluated"] = segment.Published.EvaluatedChange };
        return segment.Published switch
        {
            { Version: 0 } => null,
            { EvaluatedChange: var evaluated } when evaluated == set.ChangeNumber => null,
            { EvaluatedChange: var evaluated } when evaluated >= set.FeedFloor => new Statement(
                $"""
                SELECT count(*) FROM {set.DeletionTable} d CROSS JOIN {segment.MemberTable} m
                WHERE d.{Changed} > @evaluated AND m.customer_id = d.{Id} AND m.is_member
                """,
                parameters),

            // Some of the deletions may be forgotten: only the profiles tell.
            _ => new Statement(
                $"SELECT count(*) FROM {segment.MemberTable} m WHERE m.is_member AND NOT EXISTS (SELECT 1 FROM {set.Table} p WHERE p.{Id} = m.customer_id)",
                new Dictionary<string, object>()),
        };
    }

    private IEnumerable<string> ChangedMembers(FeedPosition since, string filter)
    {
        foreach (var (segment, alias, _) in _tables)
        {
            var seen = since.VersionOf(segment);
            if (segment.Published.Version > seen)
            {
                // The index holds what changed after the first version; its condition has to be in the text to be seen.
                var indexed = seen >= segment.Published.FirstVersion ? $" AND version > {Literal((ulong)segment.Published.FirstVersion)}" : "";
                yield return $"SELECT customer_id AS id FROM {segment.MemberTable} WHERE version > @{alias}{indexed}{filter}";
            }
        }
    }

    private Dictionary<string, object> Since(FeedPosition since)
    {
        var parameters = _tables.ToDictionary(t => t.Alias, t => (object)since.VersionOf(t.Segment));
        parameters.Add("change", since.ChangeNumber);
        return parameters;
    }

    private static string Literal(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
