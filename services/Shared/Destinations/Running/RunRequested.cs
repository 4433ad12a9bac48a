using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Running;

/// <summary>Stores a job for a run that is asked for. Runs of one connection follow one another: they share its allowance.</summary>
internal sealed class RunRequested(JobQueue jobs) : IEventHandler<ExportRunRequested>
{
    public async Task<EventOutcome> HandleAsync(Event<ExportRunRequested> received, Transaction transaction, CancellationToken cancellationToken)
    {
        var (run, connection) = (received.Data.Run, received.Data.Connection);
        if (ResourceName.Parse("environments/*/exports/*/runs/*", run) is null)
        {
            return EventOutcome.DeadLetter("RUN_NAME_INVALID");
        }

        if (ResourceName.Parse("environments/*/connections/*", connection) is null)
        {
            return EventOutcome.DeadLetter("CONNECTION_NAME_INVALID");
        }

        await jobs.EnqueueAsync(transaction, new Job(DeliverRun.JobKind, run, connection, ""));
        return EventOutcome.Handled;
    }
}
