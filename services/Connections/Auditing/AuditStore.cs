using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Auditing;

/// <summary>Names of what is recorded.</summary>
internal static class AuditActions
{
    public const string Created = "CONNECTION_CREATED";
    public const string Updated = "CONNECTION_UPDATED";
    public const string Shared = "CONNECTION_SHARED";
    public const string Unshared = "CONNECTION_UNSHARED";
    public const string Removed = "CONNECTION_REMOVED";
    public const string Verified = "CONNECTION_VERIFIED";
    public const string ConsentGiven = "CONSENT_GIVEN";
    public const string TermsConfirmed = "TERMS_CONFIRMED";
    public const string ExportUserAdded = "EXPORT_USER_ADDED";
    public const string ExportUserInvalid = "EXPORT_USER_INVALID";
    public const string ExportUserValidAgain = "EXPORT_USER_VALID_AGAIN";
    public const string ExportUserRemoved = "EXPORT_USER_REMOVED";
    public const string CredentialRead = "CREDENTIAL_READ";
    public const string CredentialWithheld = "CREDENTIAL_WITHHELD";
    public const string CredentialRefused = "CREDENTIAL_REFUSED";
}

/// <summary>What was done to a connection.</summary>
/// <param name="Actor">Principal or service that did it.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Connection">To which.</param>
/// <param name="Detail">Machine-readable: changed fields, a reason, a version, a principal. Never a secret or a host.</param>
internal sealed record AuditEntry(string Actor, string Action, ConnectionName Connection, string? Detail = null)
{
    /// <summary>The run a credential was read for.</summary>
    public string? Run { get; init; }

    /// <summary>Which credential it was about.</summary>
    public long? CredentialVersion { get; init; }
}

/// <summary>The audit trail (PER-9): written in the transaction of what it records.</summary>
internal sealed class AuditStore(IdGenerator ids, TimeProvider time)
{
    public Task AddAsync(Transaction transaction, AuditEntry entry) => transaction.ExecuteAsync(
        """
        INSERT INTO audit (audit_id, happened_at, actor, action, environment_id, connection_id, run, credential_version, detail)
        VALUES (@id, @now, @Actor, @Action, @Environment, @Connection, @Run, @CredentialVersion, @Detail)
        """,
        new
        {
            id = ids.Next(),
            now = time.GetUtcNow().ToMicroseconds(),
            entry.Actor,
            entry.Action,
            entry.Connection.Environment,
            entry.Connection.Connection,
            entry.Run,
            entry.CredentialVersion,
            entry.Detail,
        });

    /// <summary>Records that the export user no longer counts, or does again; nothing when that is as it was.</summary>
    public Task AddExportUserChangeAsync(Transaction transaction, string actor, Connection before, Connection after) => before.ExportUserProblem == after.ExportUserProblem
        ? Task.CompletedTask
        : AddAsync(transaction, new AuditEntry(
            actor, after.ExportUserProblem == Problem.None ? AuditActions.ExportUserValidAgain : AuditActions.ExportUserInvalid, after.Name, after.ExportUser.Principal));

    /// <summary>Which credential a run was given last; null when it was given none.</summary>
    public static Task<long?> FindCredentialVersionAsync(Transaction transaction, ConnectionName connection, string run) => transaction.QuerySingleOrDefaultAsync<long?>(
        """
        SELECT MAX(credential_version) FROM audit
        WHERE environment_id = @Environment AND connection_id = @Connection AND run = @run AND action = @action
        """,
        new { connection.Environment, connection.Connection, run, action = AuditActions.CredentialRead });
}
