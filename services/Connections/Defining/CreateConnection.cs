using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>
/// Creates a connection: the destination is asked first and has to accept the credential (CON-14), then connection,
/// consent and export user are stored together (CON-13, CON-15).
/// </summary>
internal sealed class CreateConnection(Database database, ProtectSecrets secrets, NameExportUser exportUsers, AuditStore audit, IdGenerator ids)
{
    /// <param name="caller">An administrator of the environment.</param>
    /// <param name="draft">What is wanted.</param>
    /// <param name="rehearse">Ask the destination, but store nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Result<Connection>> RunAsync(Caller caller, ConnectionDraft draft, bool rehearse, CancellationToken cancellationToken)
    {
        // Before the destination is asked: a repeated request must not fail because it has become unreachable meanwhile.
        if (await database.ReadAsync(session => FindTwinAsync(session, caller, draft), cancellationToken) is { } twin)
        {
            return twin;
        }

        var settings = await draft.Type.CheckAsync(caller, draft.Name.Environment, before: null, draft.Settings, cancellationToken);
        if (settings.Refusal is { } refusal)
        {
            return refusal;
        }

        var exportUser = await exportUsers.OfAsync(draft.Name.Environment, caller, cancellationToken);
        if (rehearse)
        {
            return Build(caller, draft, settings.Value, exportUser) with { Etag = "" };
        }

        var secret = settings.Value.Secret is { } plain ? await secrets.CloseAsync(draft.Name, 1, plain, cancellationToken) : "";
        var created = Build(caller, draft, settings.Value, exportUser) with { Secret = secret };
        return await database.WriteAsync(transaction => AddAsync(transaction, caller, draft, created, settings.Value.SignIn), cancellationToken);
    }

    private async Task<Result<Connection>> AddAsync(Transaction transaction, Caller caller, ConnectionDraft draft, Connection created, SignIn? signIn)
    {
        if (await SignInStore.RefuseUsedAsync(transaction, signIn) is { } used)
        {
            return await FindTwinAsync(transaction, caller, draft) ?? used;
        }

        if (!await ConnectionStore.AddAsync(transaction, created, draft.RequestId, draft.Fingerprint))
        {
            return await FindTwinAsync(transaction, caller, draft)
                ?? Refusal.Precondition("CONFLICT", "Another request about the same connection came first. Try again.");
        }

        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.Created, created.Name, $"{created.Type}, {created.Access}") { CredentialVersion = created.CredentialVersion });
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.ConsentGiven, created.Name, created.Agreement.StatementVersion));
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.ExportUserAdded, created.Name, created.ExportUser.Principal));
        if (draft.Settings.TermsAccepted)
        {
            await audit.AddAsync(transaction, new AuditEntry(caller.Principal, AuditActions.TermsConfirmed, created.Name));
        }

        await SignInStore.UseUpAsync(transaction, signIn);
        return created;
    }

    private Connection Build(Caller caller, ConnectionDraft draft, CheckedSettings settings, ExportUser exportUser) => new(
        draft.Name,
        draft.Type.Id,
        draft.DisplayName,
        settings.Host,
        draft.Access,
        Secret: "",
        CredentialVersion: 1,
        Problem.None,
        exportUser,
        Problem.None,
        new Agreement(draft.StatementVersion, caller.Principal, exportUser.Since),
        exportUser.Since,
        caller.Principal,
        ids.Next())
    {
        Workspace = settings.Workspace,
        Document = settings.Document,
        GrantId = settings.SignIn?.GrantId ?? "",
    };

    /// <summary>
    /// The answer when the request id, the id or the display name is taken; null when none is. The request id is read last:
    /// a connection that an equal request stores between two of these reads is then an answer, not an obstacle.
    /// </summary>
    private static async Task<Result<Connection>?> FindTwinAsync(Session session, Caller caller, ConnectionDraft draft)
    {
        var obstacle = await FindObstacleAsync(session, draft);
        if (draft.RequestId.Length > 0
            && await ConnectionStore.FindByRequestAsync(session, draft.Name.Environment, caller.Principal, draft.RequestId) is var (earlier, fingerprint))
        {
            return fingerprint == draft.Fingerprint ? earlier : Refusal.Invalid("request_id", "was used for another request. Take a new one for each connection.");
        }

        if (obstacle is not null)
        {
            return obstacle;
        }

        return null;
    }

    private static async Task<Refusal?> FindObstacleAsync(Session session, ConnectionDraft draft)
    {
        if (await ConnectionStore.FindAsync(session, draft.Name) is not null)
        {
            return Refusal.AlreadyExists(draft.Name.ToString());
        }

        return await ConnectionStore.IsDisplayNameTakenAsync(session, draft.Name, draft.Type.Id, draft.DisplayName) ? Taken(draft.Type.Id) : null;
    }

    /// <summary>Display name and type together identify a connection to people (CON-6).</summary>
    internal static Refusal Taken(string type) =>
        new(RefusalKind.AlreadyExists, $"Another connection of the type {type} has this display name. Choose another one.")
        {
            Reason = "DISPLAY_NAME_TAKEN",
            Violations = [new FieldViolation("connection.display_name", "is the name of another connection of the same type.")],
        };
}
