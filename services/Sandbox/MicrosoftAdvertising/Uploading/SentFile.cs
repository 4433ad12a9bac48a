using System.Text;
using Microsoft.Net.Http.Headers;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>A file within a multipart/form-data body.</summary>
internal readonly record struct SentFile(string Name, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The files of a body, in order; none when it is no multipart body.</summary>
    public static List<SentFile> Read(string? contentType, ReadOnlyMemory<byte> body)
    {
        var files = new List<SentFile>();
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.MediaType != "multipart/form-data" || HeaderUtilities.RemoveQuotes(type.Boundary).Length == 0)
        {
            return files;
        }

        var delimiter = Encoding.ASCII.GetBytes("--" + HeaderUtilities.RemoveQuotes(type.Boundary));
        byte[] next = [(byte)'\r', (byte)'\n', .. delimiter];
        var at = body.Span.IndexOf(delimiter);
        while (at >= 0)
        {
            // Behind the delimiter: the line's end, headers, an empty line, the content.
            var part = body[(at + delimiter.Length)..];
            var head = part.Span.IndexOf("\r\n\r\n"u8);
            var length = head < 0 ? -1 : part.Span[(head + 4)..].IndexOf(next);
            if (part.Span.StartsWith("--"u8) || length < 0)
            {
                break;
            }

            if (NameOf(Encoding.UTF8.GetString(part.Span[..head])) is { } name)
            {
                files.Add(new SentFile(name, part.Slice(head + 4, length)));
            }

            at = body.Length - part.Length + head + 4 + length + 2;
        }

        return files;
    }

    private static string? NameOf(string headers)
    {
        const string Disposition = "Content-Disposition:";
        var line = headers.Split("\r\n").FirstOrDefault(l => l.StartsWith(Disposition, StringComparison.OrdinalIgnoreCase));
        return line is not null && ContentDispositionHeaderValue.TryParse(line[Disposition.Length..].Trim(), out var disposition) && disposition.IsFileDisposition()
            ? HeaderUtilities.RemoveQuotes(disposition.FileName).ToString()
            : null;
    }
}
