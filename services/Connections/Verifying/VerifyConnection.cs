using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Asks the outside service whether it still accepts the stored credential, and records what it says (CON-14). A service
/// that cannot be reached says nothing, so the state stays.
/// </summary>
internal sealed class VerifyConnection(Database database, ProtectSecrets secrets, ConnectionTypes types, AuditStore audit, IdGenerator ids)
{
    public async Task<Result<Connection>> RunAsync(Caller caller, ConnectionName name, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(session => ConnectionStore.FindAsync(session, name), cancellationToken);
        if (found is null)
        {
            return Refusal.NotFound(name.ToString());
        }

        var opened = await secrets.OpenAsync(found, cancellationToken);
        var problem = opened is null ? Problem.SecretUnreadable : (await types.Of(found.Type).ProbeAsync(found.Host, opened.Value.Secret, cancellationToken)).Problem;
        return problem == Problem.HostUnreachable
            ? Refusal.Precondition(problem, Problem.Explain(problem))
            : await database.WriteAsync(transaction => RecordAsync(transaction, caller, found, problem), cancellationToken);
    }

    private async Task<Result<Connection>> RecordAsync(Transaction transaction, Caller caller, Connection asked, string problem)
    {
        var present = await ConnectionStore.LockAsync(transaction, asked.Name);
        if (present is null)
        {
            return Refusal.NotFound(asked.Name.ToString());
        }

        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.Verified, asked.Name, problem) { CredentialVersion = asked.CredentialVersion });

        // The answer was about a credential that has been replaced meanwhile, and whose successor was verified.
        if (present.CredentialVersion != asked.CredentialVersion || present.CredentialProblem == problem)
        {
            return present;
        }

        var updated = present with { CredentialProblem = problem, Etag = ids.Next() };
        await ConnectionStore.SaveAsync(transaction, updated);
        return updated;
    }
}
