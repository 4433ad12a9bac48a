using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>The door for events: an export is gone for good, perhaps one of another destination.</summary>
internal sealed class ExportGone(ForgetExportJob forget) : IEventHandler<ExportDeleted>
{
    private const int MaxUid = 60;

    public async Task<EventOutcome> HandleAsync(Event<ExportDeleted> received, Transaction transaction, CancellationToken cancellationToken)
    {
        var uid = received.Data.ExportUid;
        if (uid.Length is 0 or > MaxUid || uid.Any(char.IsControl))
        {
            return EventOutcome.DeadLetter("EXPORT_UID_INVALID");
        }

        await forget.EnqueueAsync(transaction, uid);
        return EventOutcome.Handled;
    }
}
