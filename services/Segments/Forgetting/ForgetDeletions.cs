using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Segments.Forgetting;

/// <summary>
/// Forgets deleted profiles that the change feed has told of for long enough. Whoever has not read it for that long compares
/// all members instead.
/// </summary>
internal sealed class ForgetDeletions(IOptions<SegmentsOptions> options, TimeProvider time)
{
    /// <summary>Tells the floor of the feed afterwards; the transaction holds the row of the set, and stores it.</summary>
    public async Task<long> RunAsync(Transaction transaction, ProfileSet set)
    {
        var before = time.GetUtcNow().AddDays(-options.Value.FeedDays).ToMicroseconds();
        var floor = await transaction.QuerySingleAsync<long?>(
            $"SELECT max({ProfileSet.ChangedColumn}) FROM {set.DeletionTable} WHERE deleted_at < @before", new { before });
        if (floor is not { } forgotten)
        {
            return set.FeedFloor;
        }

        await transaction.ExecuteAsync($"DELETE FROM {set.DeletionTable} WHERE deleted_at < @before", new { before });
        return Math.Max(set.FeedFloor, forgotten);
    }
}
