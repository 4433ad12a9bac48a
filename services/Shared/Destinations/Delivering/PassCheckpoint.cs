using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// Follows up to where a pass over all members is settled without a gap, and the counts up to there. Only the settler
/// touches it.
/// </summary>
internal sealed class PassCheckpoint
{
    private readonly AudienceWork _work;
    private readonly PassPlan _plan;
    private readonly PendingKeys _pending;
    private readonly Tally _counts;
    private readonly Dictionary<long, MemberPage> _ahead = [];
    private string? _customerId;
    private long _next;

    public PassCheckpoint(AudienceWork work, PassPlan plan, PendingKeys pending)
    {
        (_work, _plan, _pending) = (work, plan, pending);
        _counts = new Tally(work.Audience.Segments);
        if (plan.Done is { } done)
        {
            _customerId = done.CustomerId;
            _counts.Restore(done.Counts);
        }
    }

    public Checkpoint Current => new(_customerId, _plan.Position, _counts.Snapshot(), _work.Counts.Meter.Requests);

    /// <summary>Takes note of a page; once all of its rows are settled it is given back.</summary>
    public void Settled(MemberPage page)
    {
        if (page.Unsettled > 0)
        {
            return;
        }

        _ahead[page.Number] = page;
        while (_ahead.Remove(_next, out var settled))
        {
            foreach (var row in settled.Rows)
            {
                if (!_plan.WritesDown || row.Verdict.Need != Need.Send)
                {
                    _counts.Add(row.Verdict.Class, row.SegmentBits);
                }

                _customerId = row.CustomerId;
            }

            _next++;
            _pending.Return(settled);
        }
    }
}
