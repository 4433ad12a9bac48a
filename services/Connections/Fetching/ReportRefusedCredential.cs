using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Fetching;

/// <summary>Records that the destination refused a credential: the connection needs attention (EXP-37).</summary>
internal sealed class ReportRefusedCredential(Database database, ConnectionTypes types, AuditStore audit, IdGenerator ids)
{
    public Task<Result<Connection>> RunAsync(Caller caller, ConnectionName name, RunName run, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => RecordAsync(transaction, caller, name, run, reason), cancellationToken);

    private async Task<Result<Connection>> RecordAsync(Transaction transaction, Caller caller, ConnectionName name, RunName run, string reason)
    {
        if (!Problem.Reportable.Contains(reason))
        {
            return Refusal.Invalid("reason", $"must be {string.Join(" or ", Problem.Reportable)}.");
        }

        var connection = await ConnectionStore.LockAsync(transaction, name);
        if (connection is null || caller.Service != types.Of(connection.Type).Worker)
        {
            return Refusal.NotFound(name.ToString());
        }

        // A run that began before somebody entered a new key speaks of the old one.
        var version = await AuditStore.FindCredentialVersionAsync(transaction, name, run.ToString()) ?? connection.CredentialVersion;
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.CredentialRefused, name, reason) { Run = run.ToString(), CredentialVersion = version });
        if (version != connection.CredentialVersion)
        {
            return connection;
        }

        // Whatever a recheck found: now it is more than that, and left to people.
        await ConnectionStore.SaveRecheckAsync(transaction, name, isDoubted: false, isRecorded: false);

        // What is known already is known from somebody nearer, such as that a person has taken the grant back.
        if (connection.CredentialProblem != Problem.None)
        {
            return connection;
        }

        var updated = connection with { CredentialProblem = reason, Etag = ids.Next() };
        await ConnectionStore.SaveAsync(transaction, updated);
        return updated;
    }
}
