using System.IO.Compression;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>The rows of an uploaded file: of a .csv or .tsv, or of the one inside a .zip.</summary>
internal sealed class UploadedRows : IDisposable
{
    private readonly ZipArchive? _archive;

    private UploadedRows(Stream stream, bool isTabbed, ZipArchive? archive)
    {
        _archive = archive;
        Reader = new RowReader(stream, isTabbed ? (byte)'\t' : (byte)',');
    }

    public RowReader Reader { get; }

    /// <summary>Opens it, or says why it cannot be opened: 3221, 3222, 3223.</summary>
    public static (UploadedRows? Rows, int? Problem) Open(string name, byte[] bytes)
    {
        if (IsRows(name))
        {
            return (new UploadedRows(new MemoryStream(bytes), IsTabbed(name), archive: null), null);
        }

        if (!name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            return (null, VendorErrors.FileExtension);
        }

        try
        {
            var archive = new ZipArchive(new MemoryStream(bytes), ZipArchiveMode.Read);
            if (archive.Entries is [var entry] && IsRows(entry.FullName))
            {
                return (new UploadedRows(entry.Open(), IsTabbed(entry.FullName), archive), null);
            }

            using (archive)
            {
                return (null, archive.Entries.Count switch
                {
                    0 => VendorErrors.NoFile,
                    1 => VendorErrors.FileExtension,
                    _ => VendorErrors.MultipleFiles,
                });
            }
        }
        catch (InvalidDataException)
        {
            return (null, VendorErrors.FileExtension);
        }
    }

    public void Dispose() => _archive?.Dispose();

    private static bool IsRows(string name) => name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || IsTabbed(name);

    private static bool IsTabbed(string name) => name.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase);
}
