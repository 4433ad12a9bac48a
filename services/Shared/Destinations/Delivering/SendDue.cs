using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Sends what was written down as due, by requests or as a file, whichever its number asks for. Nothing for destinations without files.</summary>
internal sealed class SendDue(AudienceDelivery delivery, DeliveryTools tools)
{
    private AudienceWork Work => delivery.Work;

    private IFileDelivery? Files => delivery.Work.Run.Session.Files;

    /// <summary>Goes on with a file that an earlier claim, or an earlier run, has left on its way: nothing overtakes it.</summary>
    public async Task FinishFileAsync(CancellationToken cancellationToken)
    {
        if (Files is not null)
        {
            var file = await tools.Database.ReadAsync(session => FileLog.FindAsync(session, Work.AudienceId), cancellationToken);
            await FileSender().GoOnAsync(file, cancellationToken);
        }
    }

    /// <summary>Works until nothing is due; the next stage, or null when the run is halted.</summary>
    public async Task<Stage?> RunAsync(Stage next, CancellationToken cancellationToken)
    {
        var due = await tools.Due.CountAsync(Work.AudienceId, FileKind.Additions, cancellationToken);
        if (delivery.Stage == Stage.Sending && IsFullSend(due))
        {
            await ReplaceAsync(await tools.Due.CountAsync(Work.AudienceId, FileKind.Replacement, cancellationToken), cancellationToken);
        }
        else if (due >= Files!.Limits.RowsAtLeast)
        {
            await SendFileAsync(FileKind.Additions, due, cancellationToken);
        }
        else if (due > 0)
        {
            await SendRowsAsync(cancellationToken);
        }

        if (Work.Run.Halt.IsRequested)
        {
            return null;
        }

        await tools.Database.WriteAsync(
            Work.Run.Job,
            async transaction =>
            {
                var scope = Work.Scope(tools.Time);
                await AudienceStore.EndSendingAsync(transaction, Work.AudienceId, scope.Now);
                await AudienceStore.MoveAsync(transaction, Work.AudienceId, delivery.Definition, delivery.Position!);
                await RunStore.EnterAsync(transaction, scope, next);
            },
            cancellationToken);
        return next;
    }

    /// <summary>Takes former members out by a file when they are many.</summary>
    public async Task RemoveByFileAsync(CancellationToken cancellationToken)
    {
        if (Files is null)
        {
            return;
        }

        var least = Files.Limits.RowsAtLeast;
        var rows = await tools.Database.ReadAsync(
            async session => await RemovalQueue.HasAsync(session, Work.AudienceId, least)
                ? await RemovalQueue.CountAsync(session, new RemovalScope(Work.AudienceId, Work.Run.RunId))
                : 0,
            cancellationToken);
        if (rows >= least)
        {
            await FileSender().RunAsync(FileKind.Removals, rows, cancellationToken);
        }
    }

    // Nobody has to be replaced by nobody, unless somebody may stand there whom the ledger does not know.
    private Task ReplaceAsync(long rows, CancellationToken cancellationToken) =>
        rows > 0 || delivery.State.FullSendAt == AudienceState.MustReplace ? SendFileAsync(FileKind.Replacement, rows, cancellationToken) : Task.CompletedTask;

    private async Task SendFileAsync(FileKind kind, long rows, CancellationToken cancellationToken)
    {
        var sender = FileSender();
        await sender.RunAsync(kind, rows, cancellationToken);
        if (!sender.IsUnclear)
        {
            return;
        }

        if (kind == FileKind.Replacement)
        {
            await Settlement().RunAsync(
                async (transaction, scope) => SettledDue.Nothing with { SentUnchanged = await DueRows.DoubtAllAsync(transaction, scope) }, cancellationToken);
        }

        await SendRowsAsync(cancellationToken);
    }

    private async Task SendRowsAsync(CancellationToken cancellationToken)
    {
        await tools.Database.WriteAsync(Work.Run.Job, transaction => AudienceStore.BeginSendingAsync(transaction, Work.AudienceId), cancellationToken);
        await new SendDueRows(Work, Settlement(), tools).RunAsync(cancellationToken);
    }

    // After a replacement nothing is due, so that a claim which finds it done does not repeat it.
    private bool IsFullSend(long due) => delivery.State.FullSendAt switch
    {
        AudienceState.MustReplace => true,
        _ when Work.Run.Assignment.ResendAll => due > 0,
        { } at => Files!.Limits.FullSendEvery is { } every && Timestamps.FromMicroseconds(at) + every <= tools.Time.GetUtcNow(),
        null => false,
    };

    private SendFile FileSender() => new(Work, Files!, new SettleFile(Work, Settlement(), tools), tools);

    private DueSettlement Settlement() => new(Work, delivery.Position, tools);
}
