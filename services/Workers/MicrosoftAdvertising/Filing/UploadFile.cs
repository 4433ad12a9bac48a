using System.Globalization;
using System.IO.Compression;
using System.Text;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Spooling;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

/// <summary>
/// Writes a file for the Bulk service: zipped CSV with one list row, whose action governs the file, and one row for each member
/// (https://learn.microsoft.com/advertising/bulk-service/customer-list-item). A row's client id is its number and says nothing about anybody.
/// </summary>
internal sealed class UploadFile(IOptions<MicrosoftAdvertisingOptions> options)
{
    internal const int BufferBytes = 64 * 1024;
    private const int LongestRow = 256;

    private const string Head =
        "Type,Status,Id,Parent Id,Client Id,Modified Time,Name,Description,Scope,Audience,Action Type,Accept Customer Match Term,Membership Duration,Sub Type,Text\r\n"
        + "Format Version,,,,,,6.0,,,,,,,,\r\n";

    /// <summary>
    /// The file, ready to be read from its beginning; it is deleted when it is closed. Null when it is longer than a file may be. One that
    /// replaces, and has no keys, empties the list: all previous data of the list is removed, and a list row may stand alone
    /// (https://learn.microsoft.com/advertising/bulk-service/customer-list).
    /// </summary>
    public async Task<Stream?> WriteAsync(FileKind kind, string listId, IAsyncEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var file = await SpoolAsync(csv => WriteAsync(csv, kind, listId, keys, cancellationToken), cancellationToken);
        if (file.Length <= MicrosoftAdvertisingLimits.FileBytes)
        {
            return file;
        }

        await file.DisposeAsync();
        return null;
    }

    /// <summary>
    /// As above, a file that changes a list and none of its members. An existing list wants an action; without rows of members it has no effect
    /// (https://learn.microsoft.com/advertising/bulk-service/customer-list).
    /// </summary>
    public Task<Stream> WriteListAsync(string listId, WantedAudience wanted, CancellationToken cancellationToken)
    {
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"Customer List,,{listId},,list,,,{Quote(wanted.Description)},,{Quote(wanted.Name)},{ActionOf(FileKind.Additions)},,{wanted.MembershipDuration},,\r\n");
        return SpoolAsync(csv => csv.WriteAsync(Encoding.UTF8.GetBytes($"\ufeff{Head}{row}"), cancellationToken).AsTask(), cancellationToken);
    }

    private async Task<Stream> SpoolAsync(Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var spool = SpoolFile.Open(options.Value.SpoolFolder, BufferBytes, FileOptions.Asynchronous);
        try
        {
            await using (var zip = new ZipArchive(spool, ZipArchiveMode.Create, leaveOpen: true))
            await using (var csv = await zip.CreateEntry("upload.csv", CompressionLevel.Fastest).OpenAsync(cancellationToken))
            {
                await write(csv);
            }

            spool.Position = 0;
            return spool;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }

    private static async Task WriteAsync(Stream csv, FileKind kind, string listId, IAsyncEnumerable<string> keys, CancellationToken cancellationToken)
    {
        await csv.WriteAsync(Encoding.UTF8.Preamble.ToArray(), cancellationToken);
        await csv.WriteAsync(Encoding.ASCII.GetBytes(Head + $"Customer List,,{listId},,list,,,,,,{ActionOf(kind)},,,,\r\n"), cancellationToken);
        var buffer = new byte[BufferBytes];
        var (length, number) = (0, 0L);
        await foreach (var key in keys.WithCancellation(cancellationToken))
        {
            if (length + LongestRow > buffer.Length)
            {
                await csv.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
                length = 0;
            }

            length += System.Text.Unicode.Utf8.TryWrite(
                buffer.AsSpan(length), CultureInfo.InvariantCulture, $"Customer List Item,,,{listId},{number++},,,,,,,,,Email,{key}\r\n", out var written)
                ? written
                : throw new InvalidOperationException("A row of a file is longer than a list id, a number and a hash can make it.");
        }

        await csv.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
    }

    private static string Quote(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string ActionOf(FileKind kind) => kind switch
    {
        FileKind.Additions => "Add",
        FileKind.Removals => "Remove",
        _ => "Replace",
    };
}
