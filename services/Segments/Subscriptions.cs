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
        var asker = received.Data.RequestedBy.Length > 0 ? received.Data.RequestedBy : Shorten(received.Source);

        // PostgreSQL refuses to store U+0000, however often the event comes again.
        if (asker.Length > MaxRequestedBy || asker.Any(char.IsControl))
        {
            return EventOutcome.DeadLetter("REQUESTED_BY_INVALID");
        }

        var outcome = await requestRefresh.ForEventAsync(transaction, received.Data.Name, asker);
        return outcome is null ? EventOutcome.Handled : EventOutcome.DeadLetter(outcome);
    }

    private static string Shorten(string source) =>
        source.Length <= MaxRequestedBy ? source : source[..(char.IsHighSurrogate(source[MaxRequestedBy - 1]) ? MaxRequestedBy - 1 : MaxRequestedBy)];
}
