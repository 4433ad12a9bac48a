using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Forgetting;

/// <summary>
/// The periodic round, a job that never ends: ids of deleted customers and of leavers go in time, also where nobody deletes
/// or refreshes any more.
/// </summary>
internal sealed class ForgetFeed(Database database, ForgetDeletions deletions, ForgetLeavers leavers, TimeProvider time) : IJobHandler
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    public static Job Job { get; } = new("forget-feed", "all", "forget-feed", Payload: "");

    public string Kind => Job.Kind;

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        foreach (var environment in await database.ReadAsync(ProfileSetStore.ListEnvironmentsAsync, cancellationToken))
        {
            await RunAsync(environment, cancellationToken);
        }

        return JobOutcome.Retry(time.GetUtcNow() + Interval);
    }

    /// <summary>The round in one environment.</summary>
    public async Task RunAsync(string environment, CancellationToken cancellationToken)
    {
        await database.WriteAsync(transaction => ForgetDeletionsAsync(transaction, environment), cancellationToken);
        var segments = await database.ReadAsync(session => SegmentStore.ListAllAsync(session, environment), cancellationToken);
        foreach (var segment in segments.Where(s => s.Published.Version > 0))
        {
            await database.WriteAsync(transaction => ForgetLeaversAsync(transaction, segment.Name), cancellationToken);
        }
    }

    private async Task ForgetDeletionsAsync(Transaction transaction, string environment)
    {
        if (await ProfileSetStore.LockAsync(transaction, environment) is { } set && await deletions.RunAsync(transaction, set) is var floor && floor > set.FeedFloor)
        {
            await ProfileSetStore.AdvanceAsync(transaction, set with { FeedFloor = floor });
        }
    }

    // A refresh at work forgets by itself. The row of the segment is not held before its members are, as refreshes do it:
    // the other way round, both could wait for each other.
    private async Task ForgetLeaversAsync(Transaction transaction, SegmentName name)
    {
        var isAtWork = (await RefreshStore.ListOpenAsync(transaction, name)).Any(r => r.State is RefreshState.Processing);
        if (!isAtWork && await SegmentStore.FindAsync(transaction, name) is { Published.Version: > 0 } segment)
        {
            await SegmentStore.RaiseFloorAsync(transaction, segment, await leavers.RunAsync(transaction, segment));
        }
    }
}
