using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Queues refreshes. One that is queued already serves everybody who asks; one at work has begun too early for that.</summary>
internal sealed class RequestRefresh(Database database, JobQueue jobs, AnsweredRequests answered, IdGenerator ids, TimeProvider time)
{
    public Task<Result<SegmentRefresh>> RunAsync(SegmentName name, string requestId, string principal, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => RequestAsync(transaction, name, requestId, principal), cancellationToken);

    /// <summary>
    /// Queues what an event asks for: a refresh of one segment, or of all active segments of an environment. Null when that
    /// is done; else why it never will be.
    /// </summary>
    public async Task<string?> ForEventAsync(Transaction transaction, string name, string requestedBy)
    {
        if (SegmentName.TryParse(name) is { } segmentName)
        {
            if (await SegmentStore.LockAsync(transaction, segmentName) is not { } segment)
            {
                return "UNKNOWN_SEGMENT";
            }

            await EnqueueAsync(transaction, segment, requestedBy);
            return null;
        }

        if (ResourceName.Parse("environments/*", name) is not [var environment])
        {
            return "NAME_INVALID";
        }

        foreach (var active in await SegmentStore.LockActiveAsync(transaction, environment))
        {
            await EnqueueAsync(transaction, active, requestedBy);
        }

        return null;
    }

    /// <summary>Queues a refresh of a segment whose row the transaction holds.</summary>
    public async Task<SegmentRefresh> EnqueueAsync(Transaction transaction, Segment segment, string requestedBy)
    {
        if (await RefreshStore.FindQueuedAsync(transaction, segment.Name) is { } queued)
        {
            return queued;
        }

        var name = new RefreshName(segment.Name.Environment, segment.Name.Segment, ids.Next());
        var refresh = new SegmentRefresh(name, RefreshState.Queued, RefreshCounts.None, requestedBy, time.GetUtcNow(), null, null, "");
        await RefreshStore.InsertQueuedAsync(transaction, refresh);
        await jobs.EnqueueAsync(transaction, RefreshJob.For(name));
        return refresh;
    }

    private async Task<Result<SegmentRefresh>> RequestAsync(Transaction transaction, SegmentName name, string requestId, string principal)
    {
        var violations = new Violations();
        DefinitionCheck.CheckRequestId(requestId, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        if (await SegmentStore.LockAsync(transaction, name) is not { } segment)
        {
            return Refusal.NotFound(name.ToString());
        }

        // Request ids are the caller's choice for each segment; the same id for another segment is another request.
        var key = new RequestKey(name.Environment, RequestKey.RefreshSegment, requestId.Length == 0 ? "" : $"{name.Segment}/{requestId}");
        if (await AnsweredRequests.FindAsync(transaction, key) is { } earlier)
        {
            if (RefreshName.TryParse(earlier.Subject) is { } made && await RefreshStore.FindAsync(transaction, made) is { } refresh)
            {
                return refresh;
            }

            await AnsweredRequests.ForgetAsync(transaction, key);
        }

        var asked = await EnqueueAsync(transaction, segment, principal);
        await answered.RememberAsync(transaction, key, new RequestAnswer(asked.Name.ToString(), Fingerprint: ""));
        return asked;
    }
}
