using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Segments.Importing;

/// <summary>Format of a file. The numbers are those of the wire.</summary>
internal enum FileFormat
{
    Csv = 1,
    JsonLines = 2,
}

/// <summary>What is imported, and how.</summary>
/// <param name="Environment">Into which environment.</param>
/// <param name="Format">Format of the file.</param>
/// <param name="Columns">Attribute of each column to read; empty to go by name.</param>
/// <param name="DeleteColumn">Column that marks rows to delete; empty when there is none.</param>
/// <param name="ValidateOnly">Check only.</param>
internal sealed record ImportRequest(
    string Environment, FileFormat Format, IReadOnlyDictionary<string, string> Columns, string DeleteColumn, bool ValidateOnly);

/// <summary>Outcome of an import.</summary>
/// <param name="RowsRead">Rows of the file: what the merge saw and what was rejected.</param>
/// <param name="Rejected">Rows with an error, repeated ids among them.</param>
/// <param name="Merged">What became of the good rows.</param>
/// <param name="Errors">The first errors in file order.</param>
internal sealed record ImportOutcome(long RowsRead, long Rejected, Merged Merged, IReadOnlyList<ImportError> Errors);

/// <summary>
/// Imports a file in two steps: the stream is checked and spooled row by row, then the good rows are merged in one
/// transaction. A stream that breaks off, or a process that dies, imports nothing.
/// </summary>
internal sealed partial class ImportProfiles(
    Database database, MergeProfiles merge, IOptions<SegmentsOptions> options, ILogger<ImportProfiles> logger)
{
    private static readonly Refusal SchemaChanged = new(
        RefusalKind.StaleEtag, "An attribute of the file was dropped while it was read. Look at the schema and repeat the import.") { Reason = "SCHEMA_CHANGED" };

    public async Task<Result<ImportOutcome>> RunAsync(
        ImportRequest request, IAsyncEnumerable<ReadOnlyMemory<byte>> chunks, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => ProfileSetStore.FindAsync(session, request.Environment), cancellationToken) is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var violations = new Violations();
        violations.Check(Enum.IsDefined(request.Format), "header.format", "must be FILE_FORMAT_CSV or FILE_FORMAT_JSON_LINES.");
        var mapping = ImportMapping.Resolve(request.Columns, request.DeleteColumn, set.Schema, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        IProfileFile file = request.Format is FileFormat.Csv ? new CsvFile(mapping) : new JsonFile(mapping);
        var errors = new ImportErrors();
        using var spool = new RowSpool(options.Value.SpoolFolder is { Length: > 0 } folder ? folder : Path.GetTempPath());
        return await SpoolAsync(file, chunks, errors, spool, cancellationToken) is { } refusal
            ? refusal
            : await MergeAsync(request, file, errors, spool, cancellationToken);
    }

    private async Task<Refusal?> SpoolAsync(
        IProfileFile file, IAsyncEnumerable<ReadOnlyMemory<byte>> chunks, ImportErrors errors, RowSpool spool, CancellationToken cancellationToken)
    {
        var (received, max) = (0L, options.Value.MaxImportBytes);
        await foreach (var chunk in chunks.WithCancellation(cancellationToken))
        {
            file.Append(chunk.Span);
            SpoolRows();
            received += chunk.Length;
            if (file.Refusal is not null)
            {
                return file.Refusal;
            }

            if (received > max || spool.Length > max)
            {
                return TooLarge(max);
            }
        }

        file.Complete();
        SpoolRows();
        return file.Refusal;

        void SpoolRows()
        {
            foreach (var row in file.ReadRows(errors))
            {
                spool.Add(row);
            }
        }
    }

    private static Refusal TooLarge(long max) => new(
        RefusalKind.ResourceExhausted, string.Create(CultureInfo.InvariantCulture, $"An import may have {max} bytes, as it is sent and as it is stored on its way. Split the file."))
    {
        Reason = "IMPORT_TOO_LARGE",
    };

    private async Task<Result<ImportOutcome>> MergeAsync(
        ImportRequest request, IProfileFile file, ImportErrors errors, RowSpool spool, CancellationToken cancellationToken)
    {
        var merged = await database.WriteAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync("SAVEPOINT before_merge");
                var done = await merge.RunAsync(transaction, request.Environment, file.Attributes, spool.Read());
                if (!request.ValidateOnly)
                {
                    await transaction.ExecuteAsync("RELEASE SAVEPOINT before_merge");
                    return done;
                }

                // The number that the rows would have got belongs to whoever changes something next.
                await transaction.ExecuteAsync("ROLLBACK TO SAVEPOINT before_merge");
                var set = await ProfileSetStore.FindAsync(transaction, request.Environment);
                return done is null || set is null ? null : done with { ChangeNumber = set.ChangeNumber };
            },
            cancellationToken);
        if (merged is null)
        {
            return SchemaChanged;
        }

        var duplicates = merged.Staged.Duplicates.Select(d => new ImportError(
            d.Line, file.KeyColumn, file.KeyName, ImportReason.DuplicateKey, $"The customer id stands already on line {d.FirstLine}, which was taken."));
        var rejected = errors.RejectedRows + merged.Staged.DuplicateCount;
        var outcome = new ImportOutcome(merged.Staged.Kept + merged.Staged.Deletions + rejected, rejected, merged, errors.FirstWith(duplicates));
        if (request.ValidateOnly)
        {
            Log.Checked(logger, request.Environment, outcome.RowsRead, rejected);
        }
        else
        {
            Log.Imported(logger, request.Environment, outcome.RowsRead, rejected, merged.ChangeNumber);
        }

        return outcome;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Environment {Environment}: {Rows} rows imported, {Rejected} of them rejected; change number {ChangeNumber}")]
        public static partial void Imported(ILogger logger, string environment, long rows, long rejected, long changeNumber);

        [LoggerMessage(2, LogLevel.Information, "Environment {Environment}: {Rows} rows checked, {Rejected} of them would be rejected; nothing was stored")]
        public static partial void Checked(ILogger logger, string environment, long rows, long rejected);
    }
}
