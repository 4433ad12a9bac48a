using CustomerInsights.Exports.Running;

namespace CustomerInsights.Exports.Defining;

/// <summary>What people decide about an export (EXP-4). Checked before it is stored.</summary>
/// <param name="Connection">Resource name; empty when disconnected.</param>
/// <param name="Segments">Resource names in the order given, each once.</param>
internal sealed record ExportDefinition(
    string DisplayName,
    string Connection,
    IReadOnlyList<string> Segments,
    DestinationSettings Settings,
    bool FollowRefreshes);

/// <summary>Settings of one type of destination.</summary>
/// <param name="Type">Type of the connection, such as "braze".</param>
/// <param name="Document">What only the <see cref="DestinationType"/> of that name can read.</param>
internal sealed record DestinationSettings(string Type, string Document);

/// <summary>An export as stored.</summary>
/// <param name="Uid">Tells it apart from an earlier export of the same name.</param>
internal sealed record Export(
    string Uid,
    ExportName Name,
    ExportDefinition Definition,
    IReadOnlyList<string> Warnings,
    DateTimeOffset CreateTime,
    string CreatedBy,
    string RequestId,
    string Etag)
{
    /// <summary>What asks for a run that is still to be opened.</summary>
    public RunTrigger? Due { get; init; }

    public RunState? LastRunState { get; init; }

    public DateTimeOffset? LastRunTime { get; init; }

    public int FailuresInARow { get; init; }

    /// <summary>Whether a refresh of one of its segments leads to a run (EXP-7, CON-23).</summary>
    public bool Follows => Definition is { FollowRefreshes: true, Connection.Length: > 0 };
}
