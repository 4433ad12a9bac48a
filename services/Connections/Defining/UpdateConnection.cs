using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>Changes a connection (CON-16). Another host or key has to be accepted by the destination, and then makes it active again.</summary>
internal sealed class UpdateConnection(Database database, ProtectSecrets secrets, ConnectionTypes types, AuditStore audit, IdGenerator ids)
{
    public async Task<Result<Connection>> RunAsync(Caller caller, ConnectionChange change, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(session => ConnectionStore.FindAsync(session, change.Name), cancellationToken);
        if (found is null)
        {
            return Refusal.NotFound(change.Name.ToString());
        }

        if (change.Etag.Length > 0 && change.Etag != found.Etag)
        {
            return Refusal.StaleEtag(change.Name.ToString());
        }

        if (change.Type is { } type && type.Id != found.Type)
        {
            return Refusal.Invalid("connection.settings", $"the connection is of the type {found.Type}, which cannot be changed.");
        }

        var credential = change.TouchesCredential ? await RenewAsync(found, change, cancellationToken) : found;
        return credential.Refusal is { } refusal
            ? refusal
            : await database.WriteAsync(transaction => SaveAsync(transaction, caller, change, credential.Value), cancellationToken);
    }

    /// <summary>The connection with the new host and key, after the destination has accepted them.</summary>
    private async Task<Result<Connection>> RenewAsync(Connection found, ConnectionChange change, CancellationToken cancellationToken)
    {
        var type = types.Of(found.Type);
        var host = change.Host ?? found.Host;
        if (change.Secret is null && !type.MayCarryOver(found.Host, host))
        {
            return Refusal.Invalid("connection.braze.api_key", "must be sent again, because a key of the one kind of host is not shown to the other.");
        }

        if ((change.Secret ?? (await secrets.OpenAsync(found, cancellationToken))?.Secret) is not { } secret)
        {
            return Refusal.Precondition(Problem.SecretUnreadable, Problem.Explain(Problem.SecretUnreadable));
        }

        if ((await type.ProbeAsync(host, secret, cancellationToken)).ToRefusal() is { } refusal)
        {
            return refusal;
        }

        var version = found.CredentialVersion + 1;
        return found with
        {
            Host = host,
            Secret = await secrets.CloseAsync(found.Name, version, secret, cancellationToken),
            CredentialVersion = version,
            CredentialProblem = Problem.None,
        };
    }

    private async Task<Result<Connection>> SaveAsync(Transaction transaction, Caller caller, ConnectionChange change, Connection renewed)
    {
        var present = await ConnectionStore.LockAsync(transaction, change.Name);
        if (present is null)
        {
            return Refusal.NotFound(change.Name.ToString());
        }

        // Somebody else was faster while the destination was asked. Other fields do not get in each other's way.
        if (present.Etag != renewed.Etag && (change.TouchesCredential || change.Etag.Length > 0))
        {
            return Refusal.StaleEtag(change.Name.ToString());
        }

        if (change.DisplayName is { } name && await ConnectionStore.IsDisplayNameTakenAsync(transaction, present.Name, present.Type, name))
        {
            return CreateConnection.Taken(present.Type);
        }

        var updated = (change.TouchesCredential ? renewed : present) with
        {
            DisplayName = change.DisplayName ?? present.DisplayName,
            Access = change.Access ?? present.Access,
            Workspace = change.Workspace ?? present.Workspace,
            Etag = ids.Next(),
        };
        await ConnectionStore.SaveAsync(transaction, updated);
        await RecordAsync(transaction, caller, change, present, updated);
        return updated;
    }

    private async Task RecordAsync(Transaction transaction, Caller caller, ConnectionChange change, Connection before, Connection after)
    {
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.Updated, after.Name, string.Join(", ", change.DifferencesTo(before)))
        {
            CredentialVersion = change.TouchesCredential ? after.CredentialVersion : null,
        });
        if (before.Access != after.Access)
        {
            var action = after.Access == ConnectionAccess.Contributors ? AuditActions.Shared : AuditActions.Unshared;
            await audit.AddAsync(transaction, new AuditEntry(caller.Principal, action, after.Name));
        }
    }
}
