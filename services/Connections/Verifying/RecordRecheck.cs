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
    private const string Actor = "service:connections";

    /// <summary>How long a connection waits that was refused, or that has changed while the service was asked.</summary>
    private static readonly TimeSpan SoonAgain = TimeSpan.FromMinutes(10);

    /// <summary>How long one waits of which nothing could be learnt, or nothing good. Not longer than the shortest interval.</summary>
    private static readonly TimeSpan LaterAgain = TimeSpan.FromHours(1);

    /// <summary>Puts a connection off before it is looked at: one that brings the process down each time must not keep the others from their turns.</summary>
    public async Task PutOffAsync(Transaction transaction, LeasedJob job, ConnectionName name)
    {
        await lease.AssertHeldAsync(transaction, job);
        await ConnectionStore.PutOffRecheckAsync(transaction, name, time.GetUtcNow() + LaterAgain);
    }

    public async Task RunAsync(Transaction transaction, LeasedJob job, RecheckFinding found)
    {
        await lease.AssertHeldAsync(transaction, job);
        var present = await ConnectionStore.LockAsync(transaction, found.Asked.Name);
        if (present is null)
        {
            return;
        }

        // What was found out is about the connection as it was.
        if (present.Etag != found.Asked.Etag)
        {
            await ConnectionStore.PutOffRecheckAsync(transaction, present.Name, time.GetUtcNow() + SoonAgain);
            return;
        }

        var wasDoubted = await ConnectionStore.IsDoubtedAsync(transaction, present.Name);
        var counts = found.IsTelling && (!found.IsRefused || wasDoubted || present.CredentialProblem != Problem.None);
        var updated = (counts ? found.Credential.Put(present) : present) with { ExportUserProblem = found.HasExportUser ? Problem.None : Problem.ExportUserInvalid };
        if (updated != present)
        {
            updated = updated with { Etag = ids.Next() };
            await ConnectionStore.SaveAsync(transaction, updated);
            await TellAsync(transaction, present, updated);
        }

        var wait = found.IsRefused ? (counts ? LaterAgain : SoonAgain) : counts ? options.Value.RecheckInterval : LaterAgain;
        await ConnectionStore.PutOffRecheckAsync(transaction, present.Name, time.GetUtcNow() + wait);
        await ConnectionStore.SaveRecheckAsync(
            transaction, present.Name, isDoubted: found.IsRefused || (!found.IsTelling && wasDoubted), isRecorded: updated.CredentialProblem != Problem.None);
    }

    private async Task TellAsync(Transaction transaction, Connection before, Connection after)
    {
        if (before.CredentialProblem != after.CredentialProblem || before.Document != after.Document)
        {
            await audit.AddAsync(transaction, new AuditEntry(Actor, AuditActions.Verified, after.Name, after.CredentialProblem) { CredentialVersion = after.CredentialVersion });
        }

        await audit.AddExportUserChangeAsync(transaction, Actor, before, after);
        if (after.IsActive && !before.IsActive)
        {
            transaction.AfterCommit(() => Log.Active(logger, after.Name.ToString()));
        }
        else if (!after.IsActive && (before.CredentialProblem, before.ExportUserProblem) != (after.CredentialProblem, after.ExportUserProblem))
        {
            var problems = string.Join(", ", new[] { after.CredentialProblem, after.ExportUserProblem }.Where(problem => problem != Problem.None));
            transaction.AfterCommit(() => Log.NeedsAttention(logger, after.Name.ToString(), problems));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A recheck found that {Connection} needs attention: {Problems}")]
        public static partial void NeedsAttention(ILogger logger, string connection, string problems);

        [LoggerMessage(2, LogLevel.Information, "A recheck found that {Connection} is active again")]
        public static partial void Active(ILogger logger, string connection);
    }
}
