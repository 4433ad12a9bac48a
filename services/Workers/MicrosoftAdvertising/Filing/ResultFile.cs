using System.Globalization;
using System.IO.Compression;
using CsvHelper;
using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

/// <summary>
/// Reads what became of the rows of a file: zipped CSV, in which an error row follows each refused one. It comes from outside, so size,
/// number of rows, names and columns are checked, and nothing is ever unpacked to a path.
/// </summary>
internal static class ResultFile
{
    private const string ItemError = "Customer List Item Error";
    private const string ListError = "Customer List Error";
    private const int LongestRow = 256 * 1024;
    private const long SpareRows = 100;

    private static readonly CsvReaderOptions Options = CsvReaderOptions.Default with { MaxRecordSize = LongestRow, IncludeValuesInExceptions = false };

    /// <summary>Adds the refused rows. A fault says that the file as a whole was refused, or that the result cannot be understood.</summary>
    public static async Task<Fault?> ReadAsync(Stream zipped, FileRefusals refusals, CancellationToken cancellationToken)
    {
        try
        {
            await using var zip = new ZipArchive(zipped, ZipArchiveMode.Read, leaveOpen: true);
            if (zip.Entries is not [var entry] || !IsPlainName(entry.FullName))
            {
                return Fault.Lost;
            }

            await using var content = await entry.OpenAsync(cancellationToken);
            await using var limited = new LimitedStream(content, LongestResult(refusals.Rows));
            await using var csv = CsvReader.Create(limited, Options, leaveOpen: true);
            return await ReadAsync(csv, refusals, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or CsvFormatException or EndOfStreamException)
        {
            return Fault.Lost;
        }
    }

    /// <summary>Bytes that the result of so many rows may have.</summary>
    public static long LongestResult(long rows) => MicrosoftAdvertisingLimits.ResultBytesPerRow * (SpareRows + rows);

    private static async Task<Fault?> ReadAsync(CsvReader csv, FileRefusals refusals, CancellationToken cancellationToken)
    {
        await csv.ReadHeaderAsync(cancellationToken);
        if (!csv.TryGetFieldIndex("Type", out var type) || !csv.TryGetFieldIndex("Client Id", out var clientId) || !csv.TryGetFieldIndex("Error Number", out var errorNumber))
        {
            return Fault.Lost;
        }

        for (var rows = 0L; await csv.ReadAsync(cancellationToken); rows++)
        {
            if (rows > (2 * refusals.Rows) + SpareRows)
            {
                return Fault.Lost;
            }

            var kind = csv.GetString(type);
            if (kind is not (ItemError or ListError))
            {
                continue;
            }

            if (!int.TryParse(csv.GetString(errorNumber), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                return Fault.Lost;
            }

            if (MicrosoftAdvertisingOutcomes.OfCode(code) is { } fault)
            {
                // No row is at fault for this, so no row is given up for it.
                return fault;
            }

            if (kind == ListError)
            {
                return new Fault(Destinations.Deciding.Answer.Misdirected, Reasons.Misdirected, code);
            }

            if (!long.TryParse(csv.GetString(clientId), NumberStyles.None, CultureInfo.InvariantCulture, out var row)
                || !refusals.Add(row, MicrosoftAdvertisingReasons.ItemRefused))
            {
                return Fault.Lost;
            }
        }

        return null;
    }

    private static bool IsPlainName(string name) =>
        name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && name.IndexOfAny(['/', '\\', ':']) < 0 && !name.StartsWith('.');

    /// <summary>Reads no more than a number of bytes, whatever a zip promises.</summary>
    private sealed class LimitedStream(Stream inner, long limit) : Stream
    {
        private long _left = limit;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Count(await inner.ReadAsync(buffer, cancellationToken));

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private int Count(int read)
        {
            _left -= read;
            return _left >= 0 ? read : throw new InvalidDataException("The result is longer than the result of so many rows can be.");
        }
    }
}
