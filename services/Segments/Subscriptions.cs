using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments;

/// <summary>The door for events: somebody asks for a refresh.</summary>
internal sealed class RefreshRequestedSubscription(RequestRefresh requestRefresh) : IEventHandler<SegmentRefreshRequested>
{
    private const int MaxRequestedBy = 128;

    public async Task<EventOutcome> HandleAsync(Event<SegmentRefreshRequested> received, Transaction transaction, CancellationToken cancellationToken)
    {
        var asker = received.Data.RequestedBy.Length > 0 ? received.Data.RequestedBy : received.Source;
        if (received.Data.RequestedBy.Length > MaxRequestedBy)
        {
            return EventOutcome.DeadLetter("REQUESTED_BY_INVALID");
        }

        var outcome = await requestRefresh.ForEventAsync(transaction, received.Data.Name, asker.Length > MaxRequestedBy ? asker[..MaxRequestedBy] : asker);
        return outcome is null ? EventOutcome.Handled : EventOutcome.DeadLetter(outcome);
    }
}
