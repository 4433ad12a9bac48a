using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Reading;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Keeps one audience true: brings members in, then takes former ones out. Goes on where an earlier claim of the run has stopped.</summary>
internal sealed partial class DeliverAudience(
    MembershipService.MembershipServiceClient members, DeliveryTools tools, Chance chance, ILogger<DeliverAudience> logger)
{
    /// <summary>Works until the audience is done or the run is halted.</summary>
    public async Task RunAsync(RunWork run, OpenAudience opened, CancellationToken cancellationToken)
    {
        var (audience, state, progress) = opened;
        var counts = new AudienceCounts(audience.Segments, new SendMeter(tools.Metrics, chance));
        counts.Restore(progress);
        run.Progress.Add(counts);
        var work = new AudienceWork(run, audience, state.AudienceId, counts);
        var stage = progress.Stage;
        while (stage != Stage.Done && !work.Run.Halt.IsRequested)
        {
            var next = stage switch
            {
                Stage.Adding => await AddAsync(work, state, progress, cancellationToken),
                Stage.Removing => await RemoveAsync(work, Stage.Comparing, cancellationToken),
                Stage.Comparing => await CompareAsync(work, progress, Stage.RemovingRest, cancellationToken),
                _ => await RemoveAsync(work, Stage.Done, cancellationToken),
            };
            if (next is null)
            {
                return;
            }

            // A stage that was entered in this claim has nothing to go on from.
            (stage, progress) = (next.Value, progress with { Checkpoint = null });
        }
    }

    private async Task<Stage?> AddAsync(AudienceWork work, AudienceState state, AudienceProgress progress, CancellationToken cancellationToken)
    {
        var asked = work.Run.Assignment is { FullComparison: true } or { ResendAll: true };
        var since = asked || state.MustCompare || state.Definition != DefinitionOf(work) ? null : state.FeedPosition;
        if (since is not null)
        {
            await using var changes = await MembershipStream.OpenChangesAsync(members, work, since, cancellationToken);
            if (changes is not null)
            {
                work.Counts.Tally.Clear();
                work.Counts.Tally.Describe(changes.Position, changes.MemberCounts);
                var plan = new PassPlan(IsWhole: false, changes.Position, null, Sent.Trusted);
                return await PassAsync(work, plan, new ReadChanges(tools.Ledger, work.AudienceId, changes).RunAsync(cancellationToken), Stage.Removing, cancellationToken);
            }

            Log.FeedExpired(logger, work.Run.Run);
        }

        return await CompareAsync(work, progress, Stage.Removing, cancellationToken);
    }

    private async Task<Stage?> CompareAsync(AudienceWork work, AudienceProgress progress, Stage next, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAllAsync(work, progress, cancellationToken);
        var done = progress.Checkpoint is { } customerId && stream.Position.Equals(progress.FeedPosition)
            ? new Checkpoint(customerId, stream.Position, progress.CountsSoFar!, progress.Requests)
            : null;
        work.Counts.Tally.Restore(done?.Counts ?? new() { Counts = new() });
        work.Counts.Tally.Describe(stream.Position, stream.MemberCounts);
        var plan = new PassPlan(IsWhole: true, stream.Position, done, next == Stage.Removing ? SentOf(work.Run.Assignment) : Sent.Trusted);
        var isFirst = done is null && !await tools.Ledger.AnyAsync(work.AudienceId, cancellationToken);
        var pages = new ReadAllMembers(tools.Ledger, work.AudienceId, stream).RunAsync(done?.CustomerId ?? "", isFirst, cancellationToken);
        return await PassAsync(work, plan, pages, next, cancellationToken);
    }

    // A checkpoint counts only in the snapshot it was made in.
    private async Task<MembershipStream> OpenAllAsync(AudienceWork work, AudienceProgress progress, CancellationToken cancellationToken)
    {
        if (progress.Checkpoint is { } checkpoint)
        {
            var rest = await MembershipStream.OpenAllAsync(members, work, checkpoint, cancellationToken);
            if (rest.Position.Equals(progress.FeedPosition))
            {
                return rest;
            }

            await rest.DisposeAsync();
        }

        return await MembershipStream.OpenAllAsync(members, work, "", cancellationToken);
    }

    private async Task<Stage?> PassAsync(AudienceWork work, PassPlan plan, IAsyncEnumerable<ReadPage> pages, Stage next, CancellationToken cancellationToken)
    {
        var pass = new MembershipPass(work, plan, tools);
        var complete = await pass.RunAsync(pages, cancellationToken);
        await tools.Database.WriteAsync(
            work.Run.Job,
            async transaction =>
            {
                var scope = work.Scope(tools.Time);
                if (complete)
                {
                    await CompleteAsync(transaction, work, plan, next);
                }
                else if (work.Run.Halt is { End: null, ResumeAt: not null } && plan.IsWhole)
                {
                    await RunStore.CheckpointAsync(transaction, scope, pass.Reached!);
                }
                else if (work.Run.Halt is { End: not null } or { ResumeAt: not null })
                {
                    // The run ends or is put down here: what was settled so far is what it reports.
                    await RunStore.CheckpointAsync(transaction, scope, new Checkpoint(null, plan.Position, work.Counts.Tally.Snapshot(), work.Counts.Meter.Requests));
                }
            },
            cancellationToken);
        return complete ? next : null;
    }

    private async Task CompleteAsync(Transaction transaction, AudienceWork work, PassPlan plan, Stage next)
    {
        var scope = work.Scope(tools.Time);
        await AudienceStore.MoveAsync(transaction, work.AudienceId, DefinitionOf(work), plan.Position);
        await RunStore.CheckpointAsync(transaction, scope, new Checkpoint(null, plan.Position, work.Counts.Tally.Snapshot(), work.Counts.Meter.Requests));
        await RunStore.EnterAsync(transaction, scope, next);
        if (plan.IsWhole)
        {
            await AudienceStore.ClearComparisonAsync(transaction, work.AudienceId);
        }
    }

    private async Task<Stage?> RemoveAsync(AudienceWork work, Stage nextIfWaiting, CancellationToken cancellationToken)
    {
        var waiting = await new RemovalPass(work, tools).RunAsync(cancellationToken);
        if (work.Run.Halt.IsRequested)
        {
            return null;
        }

        return await tools.Database.WriteAsync<Stage?>(
            work.Run.Job,
            async transaction =>
            {
                var compare = waiting > 0 || await AudienceStore.MustCompareAsync(transaction, work.AudienceId);
                var next = compare ? nextIfWaiting : Stage.Done;
                await RunStore.EnterAsync(transaction, work.Scope(tools.Time), next);
                return next;
            },
            cancellationToken);
    }

    private static Sent SentOf(RunAssignment assignment) => assignment switch
    {
        { ResendAll: true } => Sent.Ignored,
        { FullComparison: true } => Sent.TrustedIfTaken,
        _ => Sent.Trusted,
    };

    // Another order of segments changes the bits of members, another set changes who is one.
    private static string DefinitionOf(AudienceWork work) =>
        Fingerprint.Of($"{work.Run.Session.Definition}\n{string.Join('\n', work.Audience.Segments)}").ToString();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run}: the change feed does not reach back to the last run; all members are compared")]
        public static partial void FeedExpired(ILogger logger, string run);
    }
}
