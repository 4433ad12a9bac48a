using System.IO.Compression;
using System.Text;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Result files that no honest vendor sends.</summary>
internal static class TamperResult
{
    private const long BombSize = 1024 * 1024 * 1024;
    private const string ForeignClientId = "never-sent-000001";
    private static readonly Lazy<byte[]> Bomb = new(MakeBomb);

    /// <summary>The result as the fault has it; unchanged when the fault is none of results.</summary>
    public static byte[] Apply(FaultKind kind, byte[] result) => kind switch
    {
        FaultKind.ResultWithoutRows => Rewrite(result, "result.csv", static (_, _, _) => { }),
        FaultKind.ResultWithoutClientIds => Rewrite(result, "result.csv", static (writer, columns, rows) =>
        {
            while (rows.Read())
            {
                Copy(writer, columns, rows, static (column, _) => column == "Client Id");
            }
        }),
        FaultKind.ResultWithExtraRows => Rewrite(result, "result.csv", WriteExtra),
        FaultKind.ResultPathTraversal => Rewrite(result, "../../result.csv", static (writer, columns, rows) =>
        {
            while (rows.Read())
            {
                Copy(writer, columns, rows, static (_, _) => false);
            }
        }),
        FaultKind.ResultZipBomb => Bomb.Value,
        _ => result,
    };

    private static void WriteExtra(ResultWriter writer, BulkColumns columns, RowReader rows)
    {
        while (rows.Read())
        {
            Copy(writer, columns, rows, static (_, _) => false);
            Copy(writer, columns, rows, static (_, _) => false);
        }

        foreach (var suffix in new[] { "", " Error" })
        {
            writer.WriteLine(column => column switch
            {
                "Type" => Encoding.UTF8.GetBytes("Customer List Item" + suffix),
                "Client Id" => Encoding.UTF8.GetBytes(ForeignClientId),
                _ => suffix.Length > 0 ? ResultWriter.ErrorField(column, VendorErrors.NotHashed) : default,
            });
        }
    }

    private static byte[] Rewrite(byte[] result, string name, Action<ResultWriter, BulkColumns, RowReader> write)
    {
        using var archive = new ZipArchive(new MemoryStream(result), ZipArchiveMode.Read);
        using var stream = archive.Entries[0].Open();
        var rows = new RowReader(stream, (byte)',');

        // The header, and the format version, which the writer writes anew.
        rows.Read();
        var columns = new BulkColumns(rows);
        rows.Read();
        using var writer = new ResultWriter(name);
        write(writer, columns, rows);
        return writer.Finish();
    }

    private static void Copy(ResultWriter writer, BulkColumns columns, RowReader rows, Func<string, RowReader, bool> leavesOut) =>
        writer.WriteLine(column => leavesOut(column, rows) ? default : rows.Field(columns.Find(column)));

    private static byte[] MakeBomb()
    {
        using var zipped = new MemoryStream();
        using (var archive = new ZipArchive(zipped, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("result.csv", CompressionLevel.Fastest).Open();
            var zeros = new byte[1024 * 1024];
            for (var written = 0L; written < BombSize; written += zeros.Length)
            {
                entry.Write(zeros);
            }
        }

        return zipped.ToArray();
    }
}
