using System.IO.Compression;
using System.Text.Json;
using CustomerInsights.Sandbox.Braze.Storing;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>POST /users/export/segment, and the file it leads to.</summary>
internal static class ExportUsersBySegment
{
    /// <summary>Where the files are; the real ones lie in cloud storage.</summary>
    public const string FilesPath = "/sandbox/braze/files";

    private const int UsersPerFile = 5_000;

    public static VendorAnswer Handle(BrazeCall call)
    {
        if (RequestJson.Parse(call.Body) is not { } root)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, BrazeMessages.SyntaxError);
        }

        using (root)
        {
            var segment = call.Workspace.Segments.FirstOrDefault(s => s.Id == RequestJson.Text(root.RootElement, "segment_id"));
            if (segment is null)
            {
                return BrazeAnswers.Message(StatusCodes.Status400BadRequest, "'segment_id' names no segment of this workspace");
            }

            if (RequestJson.Texts(root.RootElement, "fields_to_export") is not { } fields)
            {
                return BrazeAnswers.Message(StatusCodes.Status400BadRequest, "'fields_to_export' is required");
            }

            return Start(call, segment, fields, RequestJson.Texts(root.RootElement, "custom_attributes_to_export"));
        }
    }

    private static VendorAnswer Start(BrazeCall call, BrazeSegment segment, IReadOnlyList<string> fields, IReadOnlyList<string>? custom)
    {
        SegmentExport? export;
        lock (call.Workspace.Gate)
        {
            export = call.Workspace.Exports.Start(segment, fields, custom, call.Now, TimeSpan.FromMilliseconds(call.Workspace.Settings.ExportDelayMilliseconds));
        }

        return export is null
            ? BrazeAnswers.Message(StatusCodes.Status400BadRequest, "An export of this segment is already being made")
            : BrazeAnswers.Write(StatusCodes.Status200OK, (export, call.FilesAddress), static (writer, state) =>
            {
                writer.WriteString("message"u8, BrazeMessages.Success);
                writer.WriteString("object_prefix"u8, state.export.Token);
                writer.WriteString("url"u8, $"{state.FilesAddress}/{state.export.Token}.zip");
            });
    }

    /// <summary>
    /// Writes the zip: files of 5,000 users, one JSON object a line. It shows the segment as visible when it is fetched,
    /// not when it was asked for.
    /// </summary>
    public static async Task WriteFileAsync(BrazeWorkspace workspace, SegmentExport export, DateTimeOffset now, Stream target, CancellationToken cancellationToken)
    {
        var members = Members(workspace, export, now);
        await using var zip = await ZipArchive.CreateAsync(target, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        for (var first = 0; first < Math.Max(members.Count, 1); first += UsersPerFile)
        {
            var entry = zip.CreateEntry($"{export.Token}-{first / UsersPerFile:D5}.txt", CompressionLevel.Fastest);
            await using var file = await entry.OpenAsync(cancellationToken);
            foreach (var (user, attributes) in members.Skip(first).Take(UsersPerFile))
            {
                await file.WriteAsync(Line(workspace, export, user, attributes), cancellationToken);
            }
        }
    }

    private static List<(User User, byte[] Attributes)> Members(BrazeWorkspace workspace, SegmentExport export, DateTimeOffset now)
    {
        lock (workspace.Gate)
        {
            var members = new List<(User, byte[])>();
            foreach (var user in workspace.Users.Sorted())
            {
                if (workspace.Users.VisibleAttributes(user, now) is { } attributes && export.Segment.Holds(workspace.Users.Names, attributes))
                {
                    members.Add((user, attributes));
                }
            }

            return members;
        }
    }

    private static byte[] Line(BrazeWorkspace workspace, SegmentExport export, User user, byte[] attributes)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line))
        {
            lock (workspace.Gate)
            {
                ProfileJson.Write(writer, workspace.Users, user, attributes, export.Fields.Contains, n => export.CustomAttributes?.Contains(n) ?? true);
            }
        }

        line.WriteByte((byte)'\n');
        return line.ToArray();
    }
}
