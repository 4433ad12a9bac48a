using System.Text.Json;
using System.Text;
using CustomerInsights.Sandbox.Braze.Storing;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>A segment of the workspace: in Braze a saved filter; here one attribute with one value.</summary>
public sealed record BrazeSegment
{
    /// <summary>What Braze calls the segment API identifier.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string Description { get; init; } = "";

    /// <summary>The custom attribute it filters on.</summary>
    public required string Attribute { get; init; }

    /// <summary>The value it must have, as JSON text; null when any value will do.</summary>
    public string? EqualTo { get; init; } = "true";

    internal bool Holds(AttributeNames names, byte[] attributes)
    {
        if (names.Find(Encoding.UTF8.GetBytes(Attribute)) is not { } id)
        {
            return false;
        }

        var value = new AttributeBlob(attributes).Find(id);
        return EqualTo is null ? value.Length > 0 : value.SequenceEqual(Encoding.UTF8.GetBytes(EqualTo));
    }
}

/// <summary>GET /segments/list and /segments/details.</summary>
internal static class BrowseSegments
{
    private const int PageSize = 100;

    // A saved filter has no history here; one fixed time is better than a made-up one.
    private const string Changed = "2026-01-01T00:00:00.000Z";

    public static VendorAnswer List(BrazeCall call)
    {
        if (!int.TryParse(call.Query["page"].FirstOrDefault() ?? "0", out var page) || page < 0)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, "'page' must be a number from 0.");
        }

        return BrazeAnswers.Write(StatusCodes.Status200OK, call.Workspace.Segments.Skip(page * PageSize).Take(PageSize), static (writer, segments) =>
        {
            writer.WriteString("message"u8, BrazeMessages.Success);
            writer.WriteStartArray("segments"u8);
            foreach (var segment in segments)
            {
                writer.WriteStartObject();
                writer.WriteString("id"u8, segment.Id);
                writer.WriteString("name"u8, segment.Name);
                writer.WriteBoolean("analytics_tracking_enabled"u8, false);
                WriteEmptyArray(writer, "tags"u8);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    public static VendorAnswer Details(BrazeCall call) =>
        call.Workspace.Segments.FirstOrDefault(s => s.Id == call.Query["segment_id"].FirstOrDefault()) is { } segment
            ? BrazeAnswers.Write(StatusCodes.Status200OK, segment, WriteDetails)
            : BrazeAnswers.Message(StatusCodes.Status400BadRequest, "'segment_id' names no segment of this workspace");

    private static void WriteDetails(Utf8JsonWriter writer, BrazeSegment segment)
    {
        writer.WriteString("message"u8, BrazeMessages.Success);
        writer.WriteString("created_at"u8, Changed);
        writer.WriteString("updated_at"u8, Changed);
        writer.WriteString("name"u8, segment.Name);
        writer.WriteString("description"u8, segment.Description);
        writer.WriteString("text_description"u8, $"{segment.Attribute} is {segment.EqualTo ?? "set"}");
        WriteEmptyArray(writer, "tags"u8);
        WriteEmptyArray(writer, "teams"u8);
    }

    private static void WriteEmptyArray(Utf8JsonWriter writer, ReadOnlySpan<byte> name)
    {
        writer.WriteStartArray(name);
        writer.WriteEndArray();
    }
}
