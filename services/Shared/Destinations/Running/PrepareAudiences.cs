using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Running;

/// <summary>Lets the destination make ready what members are sent to, and takes note of audiences that have to be sent as a whole.</summary>
internal sealed class PrepareAudiences(FencedDatabase database)
{
    public async Task RunAsync(RunWork work, IReadOnlyList<AudienceDelivery> deliveries, CancellationToken cancellationToken)
    {
        // Preparing costs calls where there are lists to keep; elsewhere nothing is sent yet.
        if (work.Session.Files is not null && !await work.MayCallAsync(cancellationToken))
        {
            return;
        }

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
                await database.WriteAsync(work.Job, transaction => AudienceStore.SetFullSendAsync(transaction, delivery.Work.AudienceId, AudienceState.MustReplace), cancellationToken);
                delivery.State = delivery.State with { FullSendAt = AudienceState.MustReplace };
            }
        }
        catch (OperationCanceledException) when (work.Halt.IsRequested && !cancellationToken.IsCancellationRequested)
        {
            // Halted before anything was sent.
        }
    }
}
