using CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>
/// Lets an uploaded file take effect: reads it once, row by row, writes its result beside it, and changes each list in one
/// step at the end. A customer list row has to stand before its items.
/// </summary>
internal static class ProcessUpload
{
    private static ReadOnlySpan<byte> FormatVersion => "Format Version"u8;

    public static UploadOutcome Run(MicrosoftAdvertisingSandbox sandbox, BulkUpload upload)
    {
        var file = upload.File!;
        if (file.Ending is { } ending)
        {
            return new UploadOutcome(ending, null, VendorErrors.Internal);
        }

        try
        {
            using var rows = UploadedRows.Open(file.Name, file.Bytes).Rows!;
            return Read(sandbox, upload, rows.Reader);
        }
        catch (InvalidDataException)
        {
            return new UploadOutcome(UploadStatus.FormatNotSupported, null, VendorErrors.FileExtension);
        }
    }

    private static UploadOutcome Read(MicrosoftAdvertisingSandbox sandbox, BulkUpload upload, RowReader reader)
    {
        if (!reader.Read() || new BulkColumns(reader) is not { Type: >= 0 } columns || !IsFormatVersion(reader, columns))
        {
            return new UploadOutcome(UploadStatus.FormatNotSupported, null, VendorErrors.FileExtension);
        }

        using var writer = new ResultWriter($"{upload.RequestId}-Results.csv");
        var rejections = new InjectedItemErrors(upload.File!.Rejections, ItemsOf(upload.File));
        var run = new BulkRun(sandbox, upload, reader, columns) { Results = new ResultRows(writer, upload.WithResults, reader, columns), Rejections = rejections };
        for (var count = 1; reader.Read(); count++)
        {
            if (count > sandbox.Settings.MaxRows)
            {
                return new UploadOutcome(UploadStatus.RowCountExceeded, null, VendorErrors.RowCount);
            }

            run.TakeRow();
        }

        run.Apply();
        return new UploadOutcome(run.Results.HasErrors ? UploadStatus.CompletedWithErrors : UploadStatus.Completed, writer.Finish(), null);
    }

    private static bool IsFormatVersion(RowReader reader, BulkColumns columns) =>
        reader.Read() && reader.Field(columns.Type).SequenceEqual(FormatVersion) && reader.Field(columns.Name).SequenceEqual("6.0"u8);

    /// <summary>About how many items there are; only asked when some are to be drawn.</summary>
    private static int ItemsOf(ReceivedFile file)
    {
        const int HeaderVersionAndList = 3;
        if (file.Rejections.All(r => r.NamesObjects))
        {
            return 0;
        }

        using var rows = UploadedRows.Open(file.Name, file.Bytes).Rows!;
        return Math.Max(0, rows.Reader.CountRows() - HeaderVersionAndList);
    }
}
