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
    /// <summary>Takes an audience in hand, with the counts that it has already.</summary>
    public AudienceDelivery Open(RunWork run, OpenAudience opened)
    {
        var counts = new AudienceCounts(opened.Audience.Segments, new SendMeter(tools.Metrics, chance));
        counts.Restore(opened.Progress);
        run.Progress.Add(counts);
        return new AudienceDelivery(new AudienceWork(run, opened.Audience, opened.State.AudienceId, counts), opened.State, opened.Progress);
    }

    /// <summary>Works until the audience has come to a stage, is done, or the run is halted.</summary>
    public async Task RunAsync(AudienceDelivery delivery, Stage until, CancellationToken cancellationToken)
    {
        var send = new SendDue(delivery, tools);
        await send.FinishFileAsync(cancellationToken);
        while (delivery.Stage != until && delivery.Stage != Stage.Done && !delivery.Work.Run.Halt.IsRequested)
        {
            var next = delivery.Stage switch
            {
                Stage.Adding => await AddAsync(delivery, cancellationToken),
                Stage.Sending => await send.RunAsync(Stage.Removing, cancellationToken),
                Stage.Removing => await RemoveAsync(delivery, send, Stage.Comparing, cancellationToken),
                Stage.Comparing => await CompareAsync(delivery, cancellationToken),
                Stage.SendingRest => await send.RunAsync(Stage.RemovingRest, cancellationToken),
                _ => await RemoveAsync(delivery, send, Stage.Done, cancellationToken),
            };
            if (next is null)
            {
                return;
            }

            delivery.Enter(next.Value);
        }
    }

    private async Task<Stage?> AddAsync(AudienceDelivery delivery, CancellationToken cancellationToken)
    {
        var (work, state) = (delivery.Work, delivery.State);
        var asked = work.Run.Assignment is { FullComparison: true } or { ResendAll: true };
        var since = asked || state.MustCompare || state.Definition != delivery.Definition ? null : state.FeedPosition;
        if (since is not null)
        {
            await using var changes = await MembershipStream.OpenChangesAsync(members, work, since, cancellationToken);
            if (changes is not null)
            {
                work.Counts.Tally.Clear();
                work.Counts.Tally.Describe(changes.Position, changes.MemberCounts);
                var plan = Plan(delivery, new PassPlan(IsWhole: false, changes.Position, null, Sent.Trusted));
                return await PassAsync(delivery, plan, new ReadChanges(tools.Ledger, work.AudienceId, changes).RunAsync(cancellationToken), cancellationToken);
            }

            Log.FeedExpired(logger, work.Run.Run);
        }

        return await CompareAsync(delivery, cancellationToken);
    }

    private async Task<Stage?> CompareAsync(AudienceDelivery delivery, CancellationToken cancellationToken)
    {
        var (work, progress) = (delivery.Work, delivery.Progress);
        await using var stream = await OpenAllAsync(work, progress, cancellationToken);
        var done = progress.Checkpoint is { } customerId && stream.Position.Equals(progress.FeedPosition)
            ? new Checkpoint(customerId, stream.Position, progress.CountsSoFar!, progress.Requests)
            : null;
        work.Counts.Tally.Restore(done?.Counts ?? new() { Counts = new() });
        work.Counts.Tally.Describe(stream.Position, stream.MemberCounts);
        var sent = delivery.Stage == Stage.Adding ? SentOf(work.Run.Assignment) : Sent.Trusted;
        var plan = Plan(delivery, new PassPlan(IsWhole: true, stream.Position, done, sent));
        var isFirst = done is null && !await tools.Ledger.AnyAsync(work.AudienceId, cancellationToken);
        var pages = new ReadAllMembers(tools.Ledger, work.AudienceId, stream).RunAsync(done?.CustomerId ?? "", isFirst, cancellationToken);
        return await PassAsync(delivery, plan, pages, cancellationToken);
    }

    private static PassPlan Plan(AudienceDelivery delivery, PassPlan plan) =>
        plan with { WritesDown = delivery.Work.Run.Session.Files is not null, MaySendBefore = delivery.State.IsSending };

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

    private async Task<Stage?> PassAsync(AudienceDelivery delivery, PassPlan plan, IAsyncEnumerable<ReadPage> pages, CancellationToken cancellationToken)
    {
        var work = delivery.Work;
        var next = (delivery.Stage, plan.WritesDown) switch
        {
            (Stage.Adding, true) => Stage.Sending,
            (Stage.Adding, false) => Stage.Removing,
            (_, true) => Stage.SendingRest,
            _ => Stage.RemovingRest,
        };
        var pass = new MembershipPass(work, plan, tools);
        var complete = await pass.RunAsync(pages, cancellationToken);
        await tools.Database.WriteAsync(
            work.Run.Job,
            async transaction =>
            {
                var scope = work.Scope(tools.Time);
                if (complete)
                {
                    await CompleteAsync(transaction, delivery, plan, next);
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
        delivery.Position = plan.Position;
        return complete ? next : null;
    }

    private async Task CompleteAsync(Transaction transaction, AudienceDelivery delivery, PassPlan plan, Stage next)
    {
        var work = delivery.Work;
        var scope = work.Scope(tools.Time);
        if (!plan.WritesDown)
        {
            await AudienceStore.MoveAsync(transaction, work.AudienceId, delivery.Definition, plan.Position);
        }

        await RunStore.CheckpointAsync(transaction, scope, new Checkpoint(null, plan.Position, work.Counts.Tally.Snapshot(), work.Counts.Meter.Requests));
        await RunStore.EnterAsync(transaction, scope, next);
        if (plan.IsWhole)
        {
            await AudienceStore.ClearComparisonAsync(transaction, work.AudienceId);
        }
    }

    private async Task<Stage?> RemoveAsync(AudienceDelivery delivery, SendDue send, Stage nextIfWaiting, CancellationToken cancellationToken)
    {
        var work = delivery.Work;
        await send.RemoveByFileAsync(cancellationToken);
        var waiting = work.Run.Halt.IsRequested ? 0 : await new RemovalPass(work, tools).RunAsync(cancellationToken);
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Run}: the change feed does not reach back to the last run; all members are compared")]
        public static partial void FeedExpired(ILogger logger, string run);
    }
}

/// <summary>An audience in hand: where its delivery stands in this claim of the run.</summary>
internal sealed class AudienceDelivery(AudienceWork work, AudienceState state, AudienceProgress progress)
{
    public AudienceWork Work => work;

    /// <summary>As it was when the run was taken over.</summary>
    public AudienceState State { get; set; } = state;

    public AudienceProgress Progress { get; private set; } = progress;

    public Stage Stage => Progress.Stage;

    /// <summary>Position of the snapshot that was read last, or null.</summary>
    public FeedPosition? Position { get; set; } = progress.FeedPosition;

    /// <summary>Fingerprint of how members are sent. Another order of segments changes the bits of members, another set changes who is one.</summary>
    public string Definition { get; } = Fingerprint.Of($"{work.Run.Session.Definition}\n{string.Join('\n', work.Audience.Segments)}").ToString();

    // A stage that was entered in this claim has nothing to go on from.
    public void Enter(Stage stage) => Progress = Progress with { Stage = stage, Checkpoint = null };
}
