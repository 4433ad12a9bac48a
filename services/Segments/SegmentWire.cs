using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf.WellKnownTypes;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>Segments and refreshes as the contract has them.</summary>
internal static class SegmentWire
{
    public static SegmentDefinition Read(Wire.Segment segment, SegmentState unspecified) => new(
        segment.DisplayName,
        segment.Description,
        RuleWire.Read(segment.Rule),
        segment.State is Wire.SegmentState.Unspecified ? unspecified : (SegmentState)segment.State);

    /// <summary>The fields of a mask; "*" means all of them.</summary>
    public static IReadOnlyList<string> ReadMask(FieldMask? mask, Violations violations)
    {
        var paths = mask?.Paths ?? [];
        violations.Check(paths.Count > 0, "update_mask", "must name at least one field.");
        for (var i = 0; i < paths.Count; i++)
        {
            var isKnown = paths[i] == "*" || SegmentChange.Fields.Contains(paths[i]);
            violations.Check(isKnown, $"update_mask.paths[{i}]", $"must be one of {string.Join(", ", SegmentChange.Fields)}.");
        }

        return paths.Contains("*") ? SegmentChange.Fields : [.. paths];
    }

    public static Wire.Segment Write(Segment segment) => new()
    {
        Name = segment.Name.ToString(),
        DisplayName = segment.Definition.DisplayName,
        Description = segment.Definition.Description,
        Rule = RuleWire.Write(segment.Definition.Rule),
        State = (Wire.SegmentState)segment.Definition.State,
        Version = segment.Published.Version,
        MemberCount = segment.Published.MemberCount,
        RefreshTime = Time(segment.Published.Time),
        LastError = segment.LastError,
        Etag = segment.Etag,
    };

    public static Wire.SegmentRefresh Write(SegmentRefresh refresh) => new()
    {
        Name = refresh.Name.ToString(),
        State = (Wire.RefreshState)refresh.State,
        Version = refresh.Counts.Version,
        MemberCount = refresh.Counts.Members,
        AddedCount = refresh.Counts.Added,
        RemovedCount = refresh.Counts.Removed,
        RequestedBy = refresh.RequestedBy,
        RequestTime = Time(refresh.RequestTime),
        StartTime = Time(refresh.StartTime),
        EndTime = Time(refresh.EndTime),
        Error = refresh.Error,
    };

    private static Timestamp? Time(DateTimeOffset? time) => time is { } value ? ScalarWire.ToTimestamp(value.ToMicroseconds()) : null;
}
