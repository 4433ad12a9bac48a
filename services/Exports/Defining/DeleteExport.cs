using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>Removes an export, stops its run and has its worker forget it. What was sent stays at the destination (EXP-10).</summary>
internal sealed partial class DeleteExport(Database database, ExportRights rights, StopRun stop, EventPublisher events, ILogger<DeleteExport> logger)
{
    /// <summary>Null when it is gone.</summary>
    public async Task<Refusal?> RunAsync(ExportName name, string etag, Caller caller, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(session => ExportStore.FindAsync(session, name), cancellationToken) is not { } export)
        {
            return Refusal.NotFound(name.ToString());
        }

        return await rights.RefuseAsync(export, caller, cancellationToken)
            ?? await database.WriteAsync(transaction => RemoveAsync(transaction, export, etag), cancellationToken);
    }

    private async Task<Refusal?> RemoveAsync(Transaction transaction, Export seen, string etag)
    {
        if (await ExportStore.LockByUidAsync(transaction, seen.Uid) is not { } export)
        {
            return Refusal.NotFound(seen.Name.ToString());
        }

        if (etag.Length > 0 && etag != export.Etag)
        {
            return Refusal.StaleEtag(export.Name.ToString());
        }

        await ExportStore.SetDueAsync(transaction, export.Uid, null);
        await stop.StopAsync(transaction, export with { Due = null }, "EXPORT_DELETED", "The export was removed.");
        await ExportStore.DeleteAsync(transaction, export.Uid);
        await events.PublishAsync(
            transaction, Topics.ExportDeleted, export.Name.ToString(), new ExportDeleted { Export = export.Name.ToString(), ExportUid = export.Uid });
        transaction.AfterCommit(() => Log.Deleted(logger, export.Name.ToString()));
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Deleted {Export}")]
        public static partial void Deleted(ILogger logger, string export);
    }
}
