using CustomerInsights.Connections.Auditing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>Makes the calling administrator the export user instead of the present one (D-15).</summary>
internal sealed class AddExportUser(Database database, NameExportUser exportUsers, AuditStore audit, IdGenerator ids)
{
    public async Task<Result<Connection>> RunAsync(Caller caller, ConnectionName name, CancellationToken cancellationToken)
    {
        var exportUser = await exportUsers.OfAsync(name.Environment, caller, cancellationToken);
        return await database.WriteAsync(transaction => SaveAsync(transaction, caller, name, exportUser), cancellationToken);
    }

    private async Task<Result<Connection>> SaveAsync(Transaction transaction, Caller caller, ConnectionName name, ExportUser exportUser)
    {
        var present = await ConnectionStore.LockAsync(transaction, name);
        if (present is null)
        {
            return Refusal.NotFound(name.ToString());
        }

        var updated = present with { ExportUser = exportUser, ExportUserProblem = Problem.None, Etag = ids.Next() };
        await ConnectionStore.SaveAsync(transaction, updated);
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.ExportUserRemoved, name, present.ExportUser.Principal));
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.ExportUserAdded, name, exportUser.Principal));
        return updated;
    }
}
