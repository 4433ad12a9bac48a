using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>Rejects objects because a fault says so, as if Braze had a reason.</summary>
internal static class InjectedRejections
{
    public static void Apply(IReadOnlyList<ActiveFault> rejections, TrackBatch batch)
    {
        foreach (var fault in rejections)
        {
            if (fault.NamesObjects)
            {
                RejectNamed(fault, batch);
            }
            else
            {
                RejectDrawn(fault, batch);
            }
        }
    }

    private static void RejectNamed(ActiveFault fault, TrackBatch batch)
    {
        foreach (ref var tracked in batch.Objects)
        {
            if (tracked.Error is null && tracked.Identifier == IdentifierKind.ExternalId && fault.Names(batch.Bytes(tracked.Id)))
            {
                Reject(ref tracked, fault.Rule);
            }
        }
    }

    private static void RejectDrawn(ActiveFault fault, TrackBatch batch)
    {
        var objects = batch.Objects;
        var left = Math.Min(fault.Rule.Objects, objects.Length);
        for (var draw = 0; left > 0; draw++)
        {
            // From the drawn place on, the next object that is still fine; all rejected ends it.
            var start = (int)(fault.Draw(draw) * objects.Length);
            var at = 0;
            while (at < objects.Length && objects[(start + at) % objects.Length].Error is not null)
            {
                at++;
            }

            if (at == objects.Length)
            {
                return;
            }

            Reject(ref objects[(start + at) % objects.Length], fault.Rule);
            left--;
        }
    }

    private static void Reject(ref TrackedObject tracked, FaultRule rule)
    {
        tracked.Error = rule.Reason;
        tracked.ErrorUnindexed = !rule.Indexed;
    }
}
