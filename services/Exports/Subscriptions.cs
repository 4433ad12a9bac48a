using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports;

/// <summary>The door for events: a new version of a segment is published.</summary>
internal sealed class SegmentRefreshedSubscription(StartRuns start) : IEventHandler<SegmentRefreshed>
{
    public async Task<EventOutcome> HandleAsync(Event<SegmentRefreshed> received, Transaction transaction, CancellationToken cancellationToken)
    {
        if (ResourceName.Parse("environments/*/segments/*", received.Data.Segment) is null)
        {
            return EventOutcome.DeadLetter("SEGMENT_NAME_INVALID");
        }

        await start.RunAsync(transaction, received.Data.Segment);
        return EventOutcome.Handled;
    }
}
