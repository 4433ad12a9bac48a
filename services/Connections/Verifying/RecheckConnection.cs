using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Verifying;

/// <summary>A connection whose turn it is.</summary>
/// <param name="Doubt">What the last recheck found wrong; <see cref="Problem.None"/> for nothing.</param>
internal sealed record DueRecheck(Connection Connection, string Doubt);

/// <summary>What a recheck found.</summary>
/// <param name="IsSettled">Whether the next one can wait for its turn.</param>
/// <param name="Doubt">What may be wrong; <see cref="Problem.None"/> for nothing.</param>
internal sealed record Recheck(bool IsSettled, string Doubt);

/// <summary>
/// Asks the outside service whether it still accepts the credential of an active connection, and whether the export user is
/// still administrator (D-15). Exports that run well stop when a connection needs attention, so one answer does not
/// decide: what is wrong is recorded when it is found twice.
/// </summary>
internal sealed partial class RecheckConnection(Database database, ConnectionTypes types, NameExportUser exportUsers, AuditStore audit, IdGenerator ids, ILogger<RecheckConnection> logger)
{
    private const string Actor = "service:connections";

    public async Task<Recheck> RunAsync(DueRecheck due, CancellationToken cancellationToken)
    {
        var asked = due.Connection;
        var verified = await exportUsers.IsAdministratorAsync(asked.Name.Environment, asked.ExportUser, cancellationToken)
            ? await types.Of(asked.Type).VerifyAsync(asked, cancellationToken)
            : new VerifiedCredential(Problem.ExportUserInvalid);
        switch (verified.Problem)
        {
            case Problem.HostUnreachable:
                return new Recheck(false, due.Doubt);
            case not Problem.None when verified.Problem != due.Doubt:
                return new Recheck(false, verified.Problem);
            default:
                await database.WriteAsync(transaction => RecordAsync(transaction, asked, verified), cancellationToken);
                return new Recheck(true, Problem.None);
        }
    }

    private async Task RecordAsync(Transaction transaction, Connection asked, VerifiedCredential verified)
    {
        // What was found out is about the connection as it was; whoever has changed it since had it verified.
        var present = await ConnectionStore.LockAsync(transaction, asked.Name);
        if (present is null || !present.IsActive || present.CredentialVersion != asked.CredentialVersion || present.ExportUser.Principal != asked.ExportUser.Principal)
        {
            return;
        }

        var updated = verified.Problem == Problem.ExportUserInvalid ? present with { ExportUserProblem = verified.Problem } : verified.Put(present);
        if (updated != present)
        {
            await ConnectionStore.SaveAsync(transaction, updated with { Etag = ids.Next() });
        }

        if (!updated.IsActive)
        {
            await audit.AddAsync(transaction, verified.Problem == Problem.ExportUserInvalid
                ? new AuditEntry(Actor, AuditActions.ExportUserInvalid, present.Name, present.ExportUser.Principal)
                : new AuditEntry(Actor, AuditActions.Verified, present.Name, verified.Problem) { CredentialVersion = present.CredentialVersion });
            Log.NeedsAttention(logger, present.Name.ToString(), verified.Problem);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Connection} needs attention: {Problem}")]
        public static partial void NeedsAttention(ILogger logger, string connection, string problem);
    }
}
