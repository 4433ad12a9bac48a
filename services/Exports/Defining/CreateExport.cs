using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>What to create.</summary>
/// <param name="RequestId">Repeats of one request carry the same; empty when the caller does not repeat.</param>
internal sealed record NewExport(string Environment, string Id, ExportDraft Draft, string RequestId, bool ValidateOnly);

/// <summary>Creates an export. Saving never runs it (EXP-6): the versions that segments have by now ask for no run.</summary>
internal sealed partial class CreateExport(
    Database database,
    ExportRights rights,
    CheckDefinition check,
    ExportStamp stamp,
    ILogger<CreateExport> logger)
{
    public async Task<Result<Export>> RunAsync(NewExport wanted, Caller caller, CancellationToken cancellationToken)
    {
        var name = new ExportName(wanted.Environment, wanted.Id);
        var violations = new Violations();
        violations.Check(ResourceName.IsNewId(wanted.Id), "export_id", "must be 1 to 60 characters of a-z, 0-9 and \"-\", starting with a letter.");
        if (!violations.Check(PlainText.IsRequestId(wanted.RequestId), "request_id", PlainText.RequestIdRule))
        {
            wanted = wanted with { RequestId = "" };
        }

        if (await database.ReadAsync(session => FindTwinAsync(session, name, wanted.RequestId), cancellationToken) is { } earlier)
        {
            return earlier;
        }

        var use = await rights.LookUpAsync(name.Environment, wanted.Draft.Connection, caller, cancellationToken);
        if (use.Refusal is not null)
        {
            return use.Refusal;
        }

        var result = await check.RunAsync(name, wanted.Draft, use.Facts, ExportParts.All, violations, cancellationToken);
        if (result.Refusal is not null)
        {
            return result.Refusal;
        }

        var export = stamp.New(name, result.Value, caller, wanted.RequestId);
        return await database.WriteAsync(transaction => StoreAsync(transaction, export, result.Value, wanted), cancellationToken);
    }

    private async Task<Result<Export>> StoreAsync(Transaction transaction, Export export, CheckedDefinition checkedDefinition, NewExport wanted)
    {
        var versions = checkedDefinition.Segments.ToDictionary(segment => segment.Key, segment => segment.Value.Version);
        var free = wanted.ValidateOnly
            ? await ExportStore.FindAsync(transaction, export.Name) is null
            : await ExportStore.InsertAsync(transaction, export, versions);
        if (!free)
        {
            return await FindTwinAsync(transaction, export.Name, wanted.RequestId) ?? Refusal.AlreadyExists(export.Name.ToString());
        }

        if (!wanted.ValidateOnly)
        {
            transaction.AfterCommit(() => Log.Created(logger, export.Name.ToString()));
        }

        return export;
    }

    /// <summary>The answer to the first of several requests with the same id; null when this is the first.</summary>
    private static async Task<Result<Export>?> FindTwinAsync(Session session, ExportName name, string requestId)
    {
        var twin = requestId.Length == 0 ? null : await ExportStore.FindByRequestAsync(session, name.Environment, requestId);
        return twin switch
        {
            null => null,
            _ when twin.Name == name => twin,
            _ => Refusal.Invalid("request_id", $"was used to create {twin.Name}. Use a new one."),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Created {Export}")]
        public static partial void Created(ILogger logger, string export);
    }
}
