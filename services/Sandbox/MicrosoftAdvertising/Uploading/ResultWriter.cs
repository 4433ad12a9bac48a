using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>
/// Writes a result file: zipped, with a byte order mark, its columns in an order of their own. A row that failed is followed by
/// its error row.
/// </summary>
internal sealed class ResultWriter : IDisposable
{
    public static readonly string[] Columns =
    [
        "Type", "Status", "Id", "Parent Id", "Sub Type", "Campaign", "Ad Group", "Name", "Client Id", "Modified Time", "Description", "Scope", "Audience", "Text",
        "Membership Duration", "Audience Search Size", "Action Type", "Accept Customer Match Term", "Error", "Error Number", "Editorial Location", "Field Path", "Error Detail",
    ];

    private const int FlushAt = 64 * 1024;
    private static readonly SearchValues<byte> Special = SearchValues.Create("\",\r\n"u8);
    private readonly MemoryStream _zipped = new();
    private readonly ZipArchive _archive;
    private readonly Stream _entry;
    private readonly ArrayBufferWriter<byte> _line = new(FlushAt * 2);

    public ResultWriter(string entryName)
    {
        _archive = new ZipArchive(_zipped, ZipArchiveMode.Create, leaveOpen: true);
        _entry = _archive.CreateEntry(entryName, CompressionLevel.Fastest).Open();
        _line.Write("\uFEFF"u8);
        WriteLine(static column => Encoding.UTF8.GetBytes(column));
        WriteLine(static column => column switch { "Type" => "Format Version"u8, "Name" => "6.0"u8, _ => default });
    }

    /// <summary>Gives the bytes of one column of a line.</summary>
    public delegate ReadOnlySpan<byte> FieldOf(string column);

    public void WriteLine(FieldOf fieldOf)
    {
        foreach (var column in Columns)
        {
            if (column != Columns[0])
            {
                _line.Write(","u8);
            }

            WriteField(fieldOf(column));
        }

        _line.Write("\r\n"u8);
        if (_line.WrittenCount >= FlushAt)
        {
            Flush();
        }
    }

    /// <summary>Texts that belong to an error.</summary>
    public static ReadOnlySpan<byte> ErrorField(string column, int code) => column switch
    {
        "Error" => Encoding.UTF8.GetBytes(VendorErrors.Find(code).Name),
        "Error Number" => Encoding.UTF8.GetBytes(code.ToString(CultureInfo.InvariantCulture)),
        _ => default,
    };

    public byte[] Finish()
    {
        Flush();
        _entry.Dispose();
        _archive.Dispose();
        return _zipped.ToArray();
    }

    public void Dispose()
    {
        _entry.Dispose();
        _archive.Dispose();
        _zipped.Dispose();
    }

    private void WriteField(ReadOnlySpan<byte> field)
    {
        if (!field.ContainsAny(Special))
        {
            _line.Write(field);
            return;
        }

        _line.Write("\""u8);
        foreach (var b in field)
        {
            _line.Write(b == (byte)'"' ? "\"\""u8 : [b]);
        }

        _line.Write("\""u8);
    }

    private void Flush()
    {
        _entry.Write(_line.WrittenSpan);
        _line.ResetWrittenCount();
    }
}
