using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Finds out what a run has to keep true, and what it keeps no longer: everything that stands in an audience which the
/// export has given up is queued for removal. What was on its way when an earlier claim died is recovered.
/// </summary>
internal sealed class OpenAudiences(FencedDatabase database, TimeProvider time)
{
    public Task<IReadOnlyList<OpenAudience>> RunAsync(RunWork work, CancellationToken cancellationToken) =>
        database.WriteAsync(work.Job, transaction => OpenAllAsync(transaction, work), cancellationToken);

    private async Task<IReadOnlyList<OpenAudience>> OpenAllAsync(Transaction transaction, RunWork work)
    {
        var (export, account) = (work.Assignment.ExportUid, work.Assignment.DestinationAccount);
        var opened = new List<OpenAudience>();
        var audiences = work.Assignment.EmptyAudiences ? [] : work.Session.Audiences;
        foreach (var audience in audiences)
        {
            var state = await AudienceStore.OpenAsync(transaction, export, account, audience.Key);
            opened.Add(await OpenAsync(transaction, work, audience, state, Stage.Adding));
        }

        var kept = audiences.Select(audience => audience.Key).ToHashSet(StringComparer.Ordinal);
        if (!work.Session.EmptiesGivenUp && !work.Assignment.EmptyAudiences)
        {
            return opened;
        }

        foreach (var state in (await AudienceStore.ListAsync(transaction, export, account)).Where(state => !kept.Contains(state.Audience)))
        {
            if (await GiveUpAsync(transaction, work, state))
            {
                opened.Add(await OpenAsync(transaction, work, new Audience(state.Audience, []), state, Stage.RemovingRest));
            }
        }

        return opened;
    }

    private static async Task<OpenAudience> OpenAsync(Transaction transaction, RunWork work, Audience audience, AudienceState state, Stage first)
    {
        await FlightLog.RecoverAsync(transaction, state.AudienceId);
        return new OpenAudience(audience, state, await RunStore.OpenAudienceAsync(transaction, work.RunId, state.AudienceId, first));
    }

    // Tells whether there is something to take out.
    private async Task<bool> GiveUpAsync(Transaction transaction, RunWork work, AudienceState state)
    {
        if (!state.IsGivenUp)
        {
            await LedgerStore.RemoveAllAsync(transaction, new LedgerScope(state.AudienceId, work.RunId, time.GetUtcNow().ToMicroseconds()));
            await AudienceStore.GiveUpAsync(transaction, state.AudienceId);
        }

        return !state.IsGivenUp || state.HasRemovals;
    }
}
