using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Running;

/// <summary>Skips a run that would hold more people than the destination takes from one export: nothing of it is sent (EXP-12, D-11).</summary>
internal sealed class CheckSize(DueRows due)
{
    public async Task RunAsync(RunWork work, IReadOnlyList<AudienceDelivery> deliveries, CancellationToken cancellationToken)
    {
        if (work.Session.MembersAtMost is not { } most || work.Halt.IsRequested)
        {
            return;
        }

        // Whoever is in a segment has one key at most: counting keys is for those that come near the limit.
        if (deliveries.Sum(delivery => delivery.Work.Counts.Snapshot().SegmentCounts.Sum(counts => counts.MemberCount)) <= most)
        {
            return;
        }

        var kept = deliveries.Where(delivery => delivery.Work.Audience.Segments.Count > 0).Select(delivery => delivery.Work.AudienceId).ToList();
        if (await due.CountKeysAsync(kept, cancellationToken) > most)
        {
            work.Halt.Request(new RunEnd(RunState.Skipped, Reasons.TooManyMembers));
        }
    }
}
