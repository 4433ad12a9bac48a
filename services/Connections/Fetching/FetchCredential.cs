using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Fetching;

/// <summary>A connection with its secret in clear, on its way to the worker.</summary>
/// <param name="ExpiresAt">When the secret expires; null when it does not by itself.</param>
internal sealed record FetchedCredential(Connection Connection, Secret Secret, DateTimeOffset? ExpiresAt);

/// <summary>What a worker wants.</summary>
/// <param name="Renew">What it got last is refused as expired (MSA-3).</param>
internal sealed record CredentialWish(ConnectionName Name, RunName Run, bool Renew);

/// <summary>
/// Gives a worker the credential for one run, provided it is a run's worker of the right type, the export user is still
/// administrator (D-15), and the destination has not refused the credential. Every fetch leaves a trail, granted or not.
/// </summary>
internal sealed class FetchCredential(Database database, ConnectionTypes types, NameExportUser exportUsers, AuditStore audit, IdGenerator ids)
{
    public async Task<Result<FetchedCredential>> RunAsync(Caller caller, CredentialWish wish, CancellationToken cancellationToken)
    {
        var name = wish.Name;
        var found = await database.ReadAsync(session => ConnectionStore.FindAsync(session, name), cancellationToken);
        if (found is null)
        {
            return Refusal.NotFound(name.ToString());
        }

        var type = types.Of(found.Type);
        if (caller.Service != type.Worker)
        {
            return new Refusal(RefusalKind.PermissionDenied, $"Only {type.Worker} may fetch credentials of this type.") { Reason = "WRONG_WORKER" };
        }

        // Asked before the transaction begins: other services and perhaps a new key are behind these.
        var facts = new Facts(
            found,
            await exportUsers.IsAdministratorAsync(name.Environment, found.ExportUser, cancellationToken),
            await type.OpenAsync(found, wish.Renew, cancellationToken));
        return await database.WriteAsync(transaction => DecideAsync(transaction, caller, facts, wish.Run), cancellationToken);
    }

    private async Task<Result<FetchedCredential>> DecideAsync(Transaction transaction, Caller caller, Facts facts, RunName run)
    {
        var present = await ConnectionStore.LockAsync(transaction, facts.Asked.Name);
        if (present is null)
        {
            return Refusal.NotFound(facts.Asked.Name.ToString());
        }

        // What was found out is about the connection as it was; an administrator, or a verification, has just changed it.
        if ((present.CredentialVersion, present.CredentialProblem) != (facts.Asked.CredentialVersion, facts.Asked.CredentialProblem) || !present.ExportUser.IsSameAs(facts.Asked.ExportUser))
        {
            return new Refusal(RefusalKind.Unavailable, "The connection is being changed. Try again.") { Reason = "CONNECTION_CHANGING" };
        }

        var updated = present with
        {
            Secret = facts.Opened.Rewritten ?? present.Secret,
            ExportUserProblem = facts.HasExportUser ? Problem.None : Problem.ExportUserInvalid,
            CredentialProblem = facts.Opened.Problem == Problem.None ? present.CredentialProblem : facts.Opened.Problem,
        };
        await SaveAsync(transaction, caller, present, updated);
        var refusal = Refuse(updated) ?? facts.Opened.Refusal;
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, refusal is null ? AuditActions.CredentialRead : AuditActions.CredentialWithheld, updated.Name, refusal?.Reason)
        {
            Run = run.ToString(),
            CredentialVersion = updated.CredentialVersion,
        });
        return refusal is null ? new FetchedCredential(updated, facts.Opened.Secret, facts.Opened.ExpiresAt) : refusal;
    }

    private async Task SaveAsync(Transaction transaction, Caller caller, Connection before, Connection after)
    {
        await audit.AddExportUserChangeAsync(transaction, caller.Principal, before, after);
        if (before != after)
        {
            // The same secret under a newer key is no change that anybody should have to know of.
            var isVisible = before with { Secret = after.Secret } != after;
            await ConnectionStore.SaveAsync(transaction, isVisible ? after with { Etag = ids.Next() } : after);
        }
    }

    private Refusal? Refuse(Connection connection) => connection switch
    {
        { ExportUserProblem: not Problem.None } => Refusal.Precondition(Problem.ExportUserInvalid, Problem.Explain(Problem.ExportUserInvalid)),
        { CredentialProblem: not Problem.None } => Refusal.Precondition(Problem.NeedsAttention, types.Of(connection.Type).Explain(connection.CredentialProblem)),
        _ => null,
    };

    private sealed record Facts(Connection Asked, bool HasExportUser, OpenedCredential Opened);
}
