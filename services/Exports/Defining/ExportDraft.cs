namespace CustomerInsights.Exports.Defining;

/// <summary>An export as somebody wants it: nothing checked yet.</summary>
/// <param name="Settings">Null when none are given.</param>
internal sealed record ExportDraft(
    string DisplayName,
    string Connection,
    IReadOnlyList<string> Segments,
    DestinationSettings? Settings,
    bool FollowRefreshes)
{
    /// <summary>The draft that leaves an export as it is.</summary>
    public static ExportDraft Of(ExportDefinition definition) =>
        new(definition.DisplayName, definition.Connection, definition.Segments, definition.Settings, definition.FollowRefreshes);

    /// <summary>The draft with some parts from another one.</summary>
    public ExportDraft With(ExportDraft other, ExportParts parts) => new(
        parts.HasFlag(ExportParts.DisplayName) ? other.DisplayName : DisplayName,
        parts.HasFlag(ExportParts.Connection) ? other.Connection : Connection,
        parts.HasFlag(ExportParts.Segments) ? other.Segments : Segments,
        parts.HasFlag(ExportParts.Settings) ? other.Settings : Settings,
        parts.HasFlag(ExportParts.FollowRefreshes) ? other.FollowRefreshes : FollowRefreshes);
}

/// <summary>Parts of an export that an update may change.</summary>
[Flags]
internal enum ExportParts
{
    None = 0,
    DisplayName = 1,
    Connection = 2,
    Segments = 4,
    Settings = 8,
    FollowRefreshes = 16,
    All = DisplayName | Connection | Segments | Settings | FollowRefreshes,
}
