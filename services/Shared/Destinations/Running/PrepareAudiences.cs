using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Running;

/// <summary>Lets the destination make ready what members are sent to, and takes note of audiences that have to be sent as a whole.</summary>
internal sealed class PrepareAudiences(FencedDatabase database)
{
    public async Task RunAsync(RunWork work, IReadOnlyList<AudienceDelivery> deliveries, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, work.Halt.Token);
        try
        {
            var prepared = await work.Session.PrepareAsync(either.Token);
            if (prepared.Refusal is { } refusal)
            {
                work.Halt.Request(RunEnd.Failed(refusal.Reason ?? Reasons.Misdirected, refusal.Message));
                return;
            }

            foreach (var delivery in deliveries.Where(delivery => prepared.Value.Contains(delivery.Work.Audience.Key)))
            {
                await database.WriteAsync(work.Job, transaction => AudienceStore.SetFullSendAsync(transaction, delivery.Work.AudienceId, 0), cancellationToken);
                delivery.State = delivery.State with { FullSendAt = 0 };
            }
        }
        catch (OperationCanceledException) when (work.Halt.IsRequested && !cancellationToken.IsCancellationRequested)
        {
            // Halted before anything was sent.
        }
    }
}
