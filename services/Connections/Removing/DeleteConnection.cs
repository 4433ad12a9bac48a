using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Granting;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Removing;

/// <summary>Removes a connection with its secret and its export user, unless exports use it (CON-21, CON-25, CON-27).</summary>
internal sealed class DeleteConnection(Database database, ExportsInUse exports, AuditStore audit)
{
    /// <summary>Why it was not removed; null when it was.</summary>
    public async Task<Refusal?> RunAsync(Caller caller, ConnectionName name, string etag, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(session => ConnectionStore.FindAsync(session, name), cancellationToken);
        return Check(found, name, etag)
            ?? await exports.RefuseAsync(name, cancellationToken)
            ?? await database.WriteAsync(transaction => RemoveAsync(transaction, caller, name, found!.Etag), cancellationToken);
    }

    private async Task<Refusal?> RemoveAsync(Transaction transaction, Caller caller, ConnectionName name, string etag)
    {
        var present = await ConnectionStore.LockAsync(transaction, name);
        if (Check(present, name, etag) is { } refusal)
        {
            return refusal;
        }

        await ConnectionStore.RemoveAsync(transaction, name);
        await GrantStore.RemoveAsync(transaction, present!.GrantId);
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.ExportUserRemoved, name, present.ExportUser.Principal));
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.Removed, name, present.Type) { CredentialVersion = present.CredentialVersion });
        return null;
    }

    private static Refusal? Check(Connection? connection, ConnectionName name, string etag) =>
        connection is null ? Refusal.NotFound(name.ToString())
        : etag.Length > 0 && etag != connection.Etag ? Refusal.StaleEtag(name.ToString())
        : null;
}
