using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Segments.Forgetting;

/// <summary>Forgets who left a segment so long ago, or so many versions, that the change feed need not tell of it any more.</summary>
internal sealed class ForgetLeavers(IOptions<SegmentsOptions> options, TimeProvider time)
{
    /// <summary>Tells the floor of the feed afterwards; the transaction stores it.</summary>
    public async Task<long> RunAsync(Transaction transaction, Segment segment)
    {
        var published = segment.Published;
        var old = await RefreshStore.FindVersionBeforeAsync(transaction, segment.Name, time.GetUtcNow().AddDays(-options.Value.FeedDays));
        var floor = Math.Max(old, published.Version - options.Value.FeedVersions);
        if (floor <= published.FeedFloor)
        {
            return published.FeedFloor;
        }

        await transaction.ExecuteAsync(
            $"DELETE FROM {segment.MemberTable} WHERE version > {published.FirstVersion} AND version <= @floor AND NOT is_member", new { floor });
        return floor;
    }
}
