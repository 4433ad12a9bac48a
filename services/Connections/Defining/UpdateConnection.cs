using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Granting;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using SignIn = CustomerInsights.Connections.SigningIn.SignIn;

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

        if (!change.TouchesCredential)
        {
            return await database.WriteAsync(transaction => SaveAsync(transaction, caller, change, new Renewal(found, null)), cancellationToken);
        }

        var settings = await types.Of(found.Type).CheckAsync(caller, found.Name.Environment, found, change.Settings, cancellationToken);
        if (settings.Refusal is { } refusal)
        {
            return refusal;
        }

        var renewed = await RenewAsync(found, settings.Value, cancellationToken);
        return await database.WriteAsync(transaction => SaveAsync(transaction, caller, change, renewed), cancellationToken);
    }

    /// <summary>The connection with the new credential, which the destination has accepted.</summary>
    private async Task<Renewal> RenewAsync(Connection found, CheckedSettings settings, CancellationToken cancellationToken)
    {
        var version = found.CredentialVersion + 1;
        var connection = found with
        {
            Host = settings.Host,
            Document = settings.Document,
            GrantId = settings.SignIn?.GrantId ?? found.GrantId,
            Secret = settings.Secret is { } secret ? await secrets.CloseAsync(found.Name, version, secret, cancellationToken) : found.Secret,
            CredentialVersion = version,
            CredentialProblem = Problem.None,
        };
        return new Renewal(connection, settings.SignIn);
    }

    private async Task<Result<Connection>> SaveAsync(Transaction transaction, Caller caller, ConnectionChange change, Renewal renewal)
    {
        var renewed = renewal.Connection;
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

        if (await SignInStore.RefuseUsedAsync(transaction, renewal.SignIn) is { } used)
        {
            return used;
        }

        var updated = (change.TouchesCredential ? renewed : present) with
        {
            DisplayName = change.DisplayName ?? present.DisplayName,
            Access = change.Access ?? present.Access,
            Workspace = change.Settings.Workspace ?? present.Workspace,
            Etag = ids.Next(),
        };
        await ConnectionStore.SaveAsync(transaction, updated);
        if (present.GrantId != updated.GrantId)
        {
            await SignInStore.UseUpAsync(transaction, renewal.SignIn);
            await GrantStore.RemoveAsync(transaction, present.GrantId);
        }

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

    /// <summary>A connection with a credential that the destination has accepted.</summary>
    private sealed record Renewal(Connection Connection, SignIn? SignIn);
}
