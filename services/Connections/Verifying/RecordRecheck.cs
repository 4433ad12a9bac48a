using CustomerInsights.Connections.Auditing;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>
/// Records what a recheck found. Exports that run well stop when their connection needs attention, so one refusal does not
/// decide: the second one in a row does, unless the connection has changed in between. What a recheck has recorded, a later
/// one takes back; what others did, they do not.
/// </summary>
internal sealed partial class RecordRecheck(AuditStore audit, IdGenerator ids, JobLease lease, IOptions<ConnectionsOptions> options, TimeProvider time, ILogger<RecordRecheck> logger)
{
    /// <summary>How long a connection waits that was refused, or that has changed while the service was asked.</summary>
    private static readonly TimeSpan SoonAgain = TimeSpan.FromMinutes(10);

    /// <summary>How long one waits of which nothing could be learnt. Not longer than the shortest interval.</summary>
    private static readonly TimeSpan LaterAgain = TimeSpan.FromHours(1);

    private const string Actor = "service:connections";

    /// <summary>Puts a connection off before it is looked at: one that brings the process down each time must not keep the others from their turns.</summary>
    public async Task PutOffAsync(Transaction transaction, LeasedJob job, DueRecheck due)
    {
        await lease.AssertHeldAsync(transaction, job);
        await ConnectionStore.SaveRecheckAsync(transaction, due.Connection.Name, time.GetUtcNow() + LaterAgain, due.IsDoubted ? due.Connection.Etag : "");
    }

    public async Task RunAsync(Transaction transaction, LeasedJob job, DueRecheck due, RecheckFinding found)
    {
        await lease.AssertHeldAsync(transaction, job);
        var present = await ConnectionStore.LockAsync(transaction, due.Connection.Name);
        if (present is null)
        {
            return;
        }

        // What was found out is about the connection as it was.
        if (present.Etag != due.Connection.Etag)
        {
            await ConnectionStore.SaveRecheckAsync(transaction, present.Name, time.GetUtcNow() + SoonAgain, doubtedEtag: "");
            return;
        }

        var isRefused = found is { IsTelling: true, Credential.Problem: not Problem.None };
        var counts = found.IsTelling && (!isRefused || due.IsDoubted);
        var updated = (counts ? found.Credential.Put(present) : present) with { ExportUserProblem = found.HasExportUser ? Problem.None : Problem.ExportUserInvalid };
        if (updated != present)
        {
            updated = updated with { Etag = ids.Next() };
            await ConnectionStore.SaveAsync(transaction, updated);
            await TellAsync(transaction, present, updated);
        }

        var wait = counts ? options.Value.RecheckInterval : isRefused ? SoonAgain : LaterAgain;
        var isDoubted = isRefused || (!found.IsTelling && due.IsDoubted);
        await ConnectionStore.SaveRecheckAsync(transaction, present.Name, time.GetUtcNow() + wait, isDoubted ? updated.Etag : "");
    }

    private async Task TellAsync(Transaction transaction, Connection before, Connection after)
    {
        if (before.CredentialProblem != after.CredentialProblem)
        {
            await audit.AddAsync(transaction, new AuditEntry(Actor, AuditActions.Verified, after.Name, after.CredentialProblem) { CredentialVersion = after.CredentialVersion });
        }

        if (before.ExportUserProblem != after.ExportUserProblem)
        {
            var action = after.ExportUserProblem == Problem.None ? AuditActions.ExportUserValidAgain : AuditActions.ExportUserInvalid;
            await audit.AddAsync(transaction, new AuditEntry(Actor, action, after.Name, after.ExportUser.Principal));
        }

        if (before.IsActive != after.IsActive)
        {
            transaction.AfterCommit(() => Log.Changed(
                logger, after.IsActive ? LogLevel.Information : LogLevel.Warning, after.Name.ToString(), after.IsActive ? "active again" : "in need of attention", $"{after.CredentialProblem}{after.ExportUserProblem}"));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "A recheck found {Connection} {State} {Problem}")]
        public static partial void Changed(ILogger logger, LogLevel level, string connection, string state, string problem);
    }
}
