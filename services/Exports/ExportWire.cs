using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.Exports.Running;
using CustomerInsights.Exports.Viewing;
using CustomerInsights.ServiceDefaults.Errors;
using Google.Protobuf.WellKnownTypes;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports;

/// <summary>Translates between the contract and our own types, for both doors.</summary>
internal sealed class ExportWire(DestinationTypes types)
{
    public ExportDraft ReadDraft(Wire.Export export) => new(
        export.DisplayName,
        export.Connection,
        [.. export.Segments],
        types.Read(export),
        !export.HasFollowRefreshes || export.FollowRefreshes);

    /// <summary>The parts that an update mask names; adds violations for an empty mask and for unknown paths.</summary>
    public ExportParts ReadMask(FieldMask? mask, Violations violations)
    {
        var paths = mask?.Paths ?? [];
        violations.Check(paths.Count > 0, "update_mask", "is required: display_name, connection, segments, follow_refreshes, or the field of the settings.");
        var parts = ExportParts.None;
        foreach (var path in paths)
        {
            var part = path switch
            {
                "display_name" => ExportParts.DisplayName,
                "connection" => ExportParts.Connection,
                "segments" => ExportParts.Segments,
                "follow_refreshes" => ExportParts.FollowRefreshes,
                _ => types.IsField(path) ? ExportParts.Settings : ExportParts.None,
            };
            violations.Check(part != ExportParts.None, "update_mask", $"\"{path}\" cannot be changed; these can: display_name, connection, segments, follow_refreshes, and the whole settings by their field.");
            parts |= part;
        }

        return parts;
    }

    public Wire.Export Write(Export export)
    {
        var wire = Write(export.Name, export.Definition, export.Etag);
        wire.CreateTime = export.CreateTime.ToTimestamp();
        wire.LastRunState = (Wire.RunState)(export.LastRunState ?? 0);
        wire.LastRunTime = export.LastRunTime?.ToTimestamp();
        wire.Warnings.Add(export.Warnings);
        return wire;
    }

    public Wire.RunAssignment WriteAssignment(ExportRun run) => new()
    {
        SegmentDisplayNames = { run.SegmentDisplayNames.ToDictionary() },
        EmptyAudiences = run.EmptyAudiences,
        Run = run.Name.ToString(),
        Export = Write(run.Name.Export, run.Definition, run.DefinitionEtag),
        FullComparison = run.FullComparison,
        ResendAll = run.ResendAll,
        DestinationAccount = run.DestinationAccount,
        ExportUid = run.ExportUid,
    };

    public static Wire.ExportRun Write(ViewedRun viewed)
    {
        var run = viewed.Run;
        var wire = new Wire.ExportRun
        {
            Name = run.Name.ToString(),
            State = (Wire.RunState)run.State,
            Trigger = (Wire.RunTrigger)run.Trigger,
            StartedBy = run.StartedBy,
            RequestTime = run.RequestTime.ToTimestamp(),
            StartTime = run.StartTime?.ToTimestamp(),
            EndTime = run.EndTime?.ToTimestamp(),
            Counts = Write(run.Counts),
            Reason = run.Reason,
            Message = run.Message,
            ThrottledUntil = run.State.IsActive() ? run.ThrottledUntil?.ToTimestamp() : null,
            FullComparison = run.FullComparison,
            ExportUser = run.ExportUser,
            ResendAll = run.ResendAll,
            EmptyAudiences = run.EmptyAudiences,
        };
        wire.SegmentCounts.Add(run.SegmentCounts.Select(Write));
        wire.RejectionClasses.Add(viewed.Classes.Select(rejections => new Wire.RejectionClass
        {
            Reason = rejections.Reason,
            Count = rejections.RowCount,
            FirstCustomerId = rejections.FirstCustomerId,
        }));
        return wire;
    }

    public static Wire.RejectedRow Write(RejectedRow row) => new() { CustomerId = row.CustomerId, Reason = row.Reason, Message = row.Message };

    public static RejectionClass Read(Wire.RejectionClass rejections) => new(rejections.Reason, rejections.Count, rejections.FirstCustomerId);

    public static RejectedRow Read(Wire.RejectedRow row) => new(row.CustomerId, row.Reason, row.Message);

    public static RunReport ReadReport(Wire.RunCounts? counts, IEnumerable<Wire.SegmentCounts> segments, Timestamp? throttledUntil) => new(
        counts is null ? RunCounts.Zero : Read(counts),
        [.. segments.Select(Read)],
        throttledUntil?.ToDateTimeOffset());

    private Wire.Export Write(ExportName name, ExportDefinition definition, string etag)
    {
        var wire = new Wire.Export
        {
            Name = name.ToString(),
            DisplayName = definition.DisplayName,
            Connection = definition.Connection,
            FollowRefreshes = definition.FollowRefreshes,
            Etag = etag,
        };
        wire.Segments.Add(definition.Segments);
        types.Of(definition.Settings).Write(definition.Settings, wire);
        return wire;
    }

    private static RunCounts Read(Wire.RunCounts counts) => new(
        counts.Read,
        counts.Added,
        counts.Updated,
        counts.Unchanged,
        counts.Removed,
        counts.Skipped,
        counts.Duplicates,
        counts.Rejected,
        counts.Requests,
        counts.RemovalsRejected);

    private static Wire.RunCounts Write(RunCounts counts) => new()
    {
        Read = counts.Read,
        Added = counts.Added,
        Updated = counts.Updated,
        Unchanged = counts.Unchanged,
        Removed = counts.Removed,
        Skipped = counts.Skipped,
        Duplicates = counts.Duplicates,
        Rejected = counts.Rejected,
        Requests = counts.Requests,
        RemovalsRejected = counts.RemovalsRejected,
    };

    private static SegmentCounts Read(Wire.SegmentCounts counts) => new(
        counts.Segment, counts.Version, counts.MemberCount, counts.Read, counts.Sent, counts.Skipped, counts.Duplicates, counts.Rejected)
    {
        Removed = counts.HasRemoved ? counts.Removed : null,
    };

    private static Wire.SegmentCounts Write(SegmentCounts counts)
    {
        var wire = new Wire.SegmentCounts
        {
            Segment = counts.Segment,
            Version = counts.Version,
            MemberCount = counts.MemberCount,
            Read = counts.Read,
            Sent = counts.Sent,
            Skipped = counts.Skipped,
            Duplicates = counts.Duplicates,
            Rejected = counts.Rejected,
        };
        if (counts.Removed is { } removed)
        {
            wire.Removed = removed;
        }

        return wire;
    }
}
