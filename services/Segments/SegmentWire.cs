using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
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
