using System.Data.Common;
using System.Runtime.CompilerServices;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Streaming;

/// <summary>One consistent state of profiles and memberships, open for as long as somebody reads it (SEG-28).</summary>
internal sealed class MembershipSnapshot : IAsyncDisposable
{
    private readonly Session _session;
    private readonly ProfileSet _set;
    private readonly IReadOnlyList<Segment> _segments;
    private readonly MembershipSql _sql;
    private readonly PageBuilder _builder;

    private MembershipSnapshot(Session session, ProfileSet set, IReadOnlyList<Segment> segments, IReadOnlyList<ProfileAttribute> attributes)
    {
        (_session, _set, _segments) = (session, set, segments);
        _sql = new MembershipSql(set, segments, attributes);
        _builder = new PageBuilder(attributes);
    }

    /// <summary>Opens the snapshot, or says all that is wrong with the request: what was found before, and attributes or a segment that do not exist.</summary>
    public static async Task<Result<MembershipSnapshot>> OpenAsync(
        Database database, MembershipRequest request, Violations violations, CancellationToken cancellationToken)
    {
        var session = await database.OpenSnapshotAsync(cancellationToken);
        Result<MembershipSnapshot> snapshot = DefinitionCheck.NoSchema;
        try
        {
            snapshot = await ReadAsync(session, request, violations);
        }
        finally
        {
            if (snapshot.Refusal is not null)
            {
                await session.DisposeAsync();
            }
        }

        return snapshot;
    }

    /// <summary>All members after an id, in the byte order of their ids; the first page is always there.</summary>
    public async IAsyncEnumerable<Wire.MembershipPage> ReadMembersAsync(string startAfter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeginAsync(cancellationToken);
        await foreach (var page in ReadPagesAsync(_sql.Members(startAfter), _builder.AddMember, cancellationToken))
        {
            yield return page;
        }

        yield return _builder.Take();
    }

    /// <summary>Why changes cannot be read from a position, or null.</summary>
    public Refusal? CheckPosition(FeedPosition since) => since.Check(_set, _segments);

    /// <summary>Members that joined or changed since a position that was checked, then who is no member any more.</summary>
    public async IAsyncEnumerable<Wire.MembershipPage> ReadChangesAsync(FeedPosition since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await BeginAsync(cancellationToken);
        await foreach (var page in ReadPagesAsync(_sql.Upserts(since), _builder.AddMember, cancellationToken))
        {
            yield return page;
        }

        await foreach (var page in ReadPagesAsync(_sql.Removals(since), _builder.AddRemoved, cancellationToken))
        {
            yield return page;
        }

        yield return _builder.Take();
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private static async Task<Result<MembershipSnapshot>> ReadAsync(Session session, MembershipRequest request, Violations violations)
    {
        var found = await ProfileSetStore.FindAsync(session, request.Environment);
        var attributes = found is null ? [] : FindAttributes(found.Schema, request.Attributes, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        if (found is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var segments = new List<Segment>();
        foreach (var name in request.Segments)
        {
            if (await SegmentStore.FindAsync(session, name) is not { } segment)
            {
                return Refusal.NotFound(name.ToString());
            }

            segments.Add(segment);
        }

        return new MembershipSnapshot(session, set, segments, attributes);
    }

    private static List<ProfileAttribute> FindAttributes(ProfileSchema schema, IReadOnlyList<string> names, Violations violations)
    {
        var attributes = new List<ProfileAttribute>();
        for (var i = 0; i < names.Count; i++)
        {
            var attribute = schema.Find(names[i]);
            if (violations.Check(attribute is not null, $"attributes[{i}]", "is no attribute of the profile schema."))
            {
                attributes.Add(attribute!);
            }
        }

        return attributes;
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var position = FeedPosition.Of(_set, _segments);
        _builder.Page.Position = new Wire.FeedPosition { ChangeNumber = position.ChangeNumber };
        _builder.Page.Position.SegmentVersions.Add(position.Versions.ToDictionary());
        foreach (var segment in _segments)
        {
            var deleted = _sql.DeletedMembers(segment) is { } count ? await _session.QuerySingleAsync<long>(count.Sql, count.Parameters) : 0;
            _builder.Page.MemberCounts.Add(segment.Name.ToString(), segment.Published.MemberCount - deleted);
        }
    }

    private async IAsyncEnumerable<Wire.MembershipPage> ReadPagesAsync(Statement? statement, Action<DbDataReader> add, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (statement is null)
        {
            yield break;
        }

        await using var command = _session.Connection.CreateCommand();
        command.Transaction = _session.DbTransaction;
        command.CommandText = statement.Sql;
        foreach (var (name, value) in statement.Parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            if (_builder.IsFull)
            {
                yield return _builder.Take();
            }

            add(rows);
        }
    }
}
