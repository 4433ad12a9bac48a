using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>What to change.</summary>
/// <param name="Etag">The version the caller has seen; empty when the caller does not mind.</param>
/// <param name="Draft">Only its named parts count.</param>
internal sealed record ExportChange(ExportName Name, string Etag, ExportParts Parts, ExportDraft Draft);

/// <summary>Changes an export, disconnects it (EXP-20) or connects it again (EXP-22). Saving never runs it (EXP-6).</summary>
internal sealed partial class UpdateExport(
    Database database,
    ExportRights rights,
    CheckDefinition check,
    ExportStamp stamp,
    StopRun stop,
    ILogger<UpdateExport> logger)
{
    public async Task<Result<Export>> RunAsync(ExportChange change, Caller caller, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => ExportStore.FindAsync(session, change.Name), cancellationToken) is not { } export)
        {
            return Refusal.NotFound(change.Name.ToString());
        }

        if (change.Etag.Length > 0 && change.Etag != export.Etag)
        {
            return Refusal.StaleEtag(change.Name.ToString());
        }

        var draft = ExportDraft.Of(export.Definition).With(change.Draft, change.Parts);
        var use = await rights.LookUpAsync(change.Name.Environment, draft.Connection, caller, cancellationToken);
        if (await RefuseAsync(export, draft, use, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var made = await check.RunAsync(change.Name, draft, use.Facts, change.Parts, new Violations(), cancellationToken);
        return made.Refusal is null
            ? await database.WriteAsync(transaction => StoreAsync(transaction, export, made.Value), cancellationToken)
            : made.Refusal;
    }

    private async Task<Refusal?> RefuseAsync(Export export, ExportDraft draft, ConnectionUse use, Caller caller, CancellationToken cancellationToken)
    {
        if (await rights.IsAdministratorAsync(export.Name.Environment, caller, cancellationToken))
        {
            return null;
        }

        var current = export.Definition.Connection;
        if (draft.Connection == current)
        {
            return await rights.RefuseAsync(export, caller, cancellationToken);
        }

        // Taking the connection away is for administrators; giving a new one also for who made the export (D-37).
        if (draft.Connection.Length == 0 || (current.Length == 0 && export.CreatedBy != caller.Principal))
        {
            return RoleDecisions.Denied(Contracts.Environments.V1.Role.Administrator);
        }

        return (current.Length == 0 ? null : await rights.RefuseAsync(export, caller, cancellationToken)) ?? use.Refusal;
    }

    private async Task<Result<Export>> StoreAsync(Transaction transaction, Export seen, CheckedDefinition made)
    {
        if (await ExportStore.LockByUidAsync(transaction, seen.Uid) is not { } export || export.Etag != seen.Etag)
        {
            return Refusal.StaleEtag(seen.Name.ToString());
        }

        var changed = stamp.Change(export, made);
        changed = changed with { Due = changed.Follows ? export.Due : null };
        var settled = await ExportStore.SettledVersionsAsync(transaction, export.Uid);
        await ExportStore.UpdateDefinitionAsync(transaction, changed, Settle(export, changed, settled, made.Segments));
        if (changed.Definition.Connection.Length == 0 && export.Definition.Connection.Length > 0)
        {
            await stop.StopQueuedAsync(transaction, changed, "EXPORT_DISCONNECTED", "The export was disconnected before a worker took the run over.");
            transaction.AfterCommit(() => Log.Disconnected(logger, export.Name.ToString()));
        }

        transaction.AfterCommit(() => Log.Changed(logger, export.Name.ToString()));
        return changed;
    }

    /// <summary>New segments, and all of them once the export begins to follow refreshes, count from the present version on.</summary>
    private static Dictionary<string, long> Settle(
        Export before, Export after, IReadOnlyDictionary<string, long> settled, IReadOnlyDictionary<string, SegmentFacts> facts) =>
        after.Definition.Segments.ToDictionary(
            segment => segment,
            segment => settled.TryGetValue(segment, out var version) && before.Follows == after.Follows
                ? version
                : Math.Max(version, facts.GetValueOrDefault(segment)?.Version ?? 0));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Changed {Export}")]
        public static partial void Changed(ILogger logger, string export);

        [LoggerMessage(2, LogLevel.Information, "Disconnected {Export}")]
        public static partial void Disconnected(ILogger logger, string export);
    }
}
