using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Asks the outside service whether it still accepts the stored credential, and records what it says (CON-14). A service
/// that cannot be reached says nothing, so the state stays.
/// </summary>
internal sealed class VerifyConnection(Database database, ConnectionTypes types, AuditStore audit, IdGenerator ids)
{
    public async Task<Result<Connection>> RunAsync(Caller caller, ConnectionName name, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(session => ConnectionStore.FindAsync(session, name), cancellationToken);
        if (found is null)
        {
            return Refusal.NotFound(name.ToString());
        }

        var verified = await types.Of(found.Type).VerifyAsync(found, cancellationToken);
        return verified.Problem == Problem.HostUnreachable
            ? Refusal.Precondition(verified.Problem, types.Of(found.Type).Explain(verified.Problem))
            : await database.WriteAsync(transaction => RecordAsync(transaction, caller, found, verified), cancellationToken);
    }

    private async Task<Result<Connection>> RecordAsync(Transaction transaction, Caller caller, Connection asked, VerifiedCredential verified)
    {
        var present = await ConnectionStore.LockAsync(transaction, asked.Name);
        if (present is null)
        {
            return Refusal.NotFound(asked.Name.ToString());
        }

        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.Verified, asked.Name, verified.Problem) { CredentialVersion = asked.CredentialVersion });

        if (present.CredentialVersion == asked.CredentialVersion && verified.Problem == Problem.None)
        {
            await ConnectionStore.SaveRecheckAsync(transaction, asked.Name, isDoubted: false, isRecorded: false);
        }

        // The answer was about a credential that has been replaced meanwhile, and whose successor was verified.
        if (present.CredentialVersion != asked.CredentialVersion || verified.Put(present) == present)
        {
            return present;
        }

        var updated = verified.Put(present) with { Etag = ids.Next() };
        await ConnectionStore.SaveAsync(transaction, updated);
        return updated;
    }
}
