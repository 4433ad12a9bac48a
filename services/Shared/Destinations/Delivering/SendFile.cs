using System.Runtime.CompilerServices;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// Takes one file from its making to the fate of its rows, from wherever an earlier claim has left it. Each step is recorded
/// before the next one, so whatever dies in between, the destination is asked instead of being told twice.
/// </summary>
internal sealed class SendFile(AudienceWork work, IFileDelivery files, SettleFile settle, DeliveryTools tools)
{
    private const int RowsAtOnce = 10_000;

    /// <summary>A result is read so often before it is taken for one that tells nothing.</summary>
    private const int MaxReadings = 3;

    /// <summary>A file is asked for so often before it is given up: for a day, with a question a minute.</summary>
    private const int MaxAsks = 24 * 60;

    private string _place = "";
    private string _result = "";
    private Attempts _attempts;
    private Attempts _drops;
    private int _readings;

    /// <summary>The file was taken, and its result does not tell what became of which row: they have to be sent one by one.</summary>
    public bool IsUnclear { get; private set; }

    /// <summary>Makes a file of what there is now, unless there is nothing, and sends it. Nobody can replace those who stood there, too.</summary>
    /// <param name="rows">How many rows there are.</param>
    public async Task RunAsync(FileKind kind, long rows, CancellationToken cancellationToken)
    {
        if (rows > files.Limits.RowsAtMost)
        {
            work.Run.Halt.Request(RunEnd.Failed(Reasons.FileTooLarge));
        }
        else if (rows > 0 || kind == FileKind.Replacement)
        {
            await GoOnAsync(await SaveAsync(new LoggedFile(work.Run.RunId, kind, rows, FileStage.Made, "", 0, 0), cancellationToken), cancellationToken);
        }
    }

    /// <summary>Goes on with a file until its rows are settled, it is given up, or the run is halted.</summary>
    public async Task GoOnAsync(LoggedFile? file, CancellationToken cancellationToken)
    {
        while (file is not null && !work.Run.Halt.IsRequested)
        {
            file = (file.Stage, _place.Length > 0, _result.Length > 0) switch
            {
                (FileStage.Made, _, _) => await ReserveAsync(file, cancellationToken),
                (FileStage.Reserved, true, _) => await UploadAsync(file, cancellationToken),
                (_, _, true) => await ReadAsync(file, cancellationToken),
                _ => await AskAsync(file, cancellationToken),
            };
        }
    }

    private async Task<LoggedFile> ReserveAsync(LoggedFile file, CancellationToken cancellationToken)
    {
        if (await TryAsync(token => files.ReserveAsync(OrderOf(file), token), cancellationToken) is not { } step)
        {
            return file;
        }

        _place = step.Place;
        return await SaveAsync(file with { Stage = FileStage.Reserved, Ticket = step.Ticket, AskAt = 0, Asked = 0 }, cancellationToken);
    }

    private async Task<LoggedFile> UploadAsync(LoggedFile file, CancellationToken cancellationToken)
    {
        if (await StepAsync(token => files.UploadAsync(OrderOf(file), _place, KeysAsync(file, token), token), cancellationToken) is not { } step)
        {
            return file;
        }

        if (step is { Answer: Answer.Delivered, State: FileState.Dropped })
        {
            // The place is not to be had any more.
            return await AnewAsync(file, step, cancellationToken);
        }

        if (step.Answer is Answer.Delivered or Answer.Unknown)
        {
            _place = "";
            return await SaveAsync(file with { Stage = FileStage.Uploaded, AskAt = AskAt(file) }, cancellationToken);
        }

        await FollowAsync(step, cancellationToken);
        return file;
    }

    private async Task<LoggedFile?> AskAsync(LoggedFile file, CancellationToken cancellationToken)
    {
        if (!await WaitUntilAsync(Timestamps.FromMicroseconds(file.AskAt), cancellationToken)
            || await TryAsync(token => files.AskAsync(OrderOf(file), file.Ticket, token), cancellationToken) is not { } step)
        {
            return file;
        }

        switch (step.State)
        {
            case FileState.Done:
                _result = step.Result;
                return file;
            case FileState.Working when file.Asked + 1 >= MaxAsks:
                await EndAsync(Reasons.FileStuck, forgets: true, cancellationToken);
                return null;
            case FileState.Working:
                // It is being worked on: what failed on the way here is over.
                work.Counts.Meter.Took();
                _attempts = default;
                file = file with { Stage = FileStage.Uploaded, Asked = file.Asked + 1 };
                return await SaveAsync(file with { AskAt = AskAt(file) }, cancellationToken);
            default:
                return await AnewAsync(file, step, cancellationToken);
        }
    }

    private async Task<LoggedFile?> ReadAsync(LoggedFile file, CancellationToken cancellationToken)
    {
        var refusals = new FileRefusals(file.Rows);
        if (await StepAsync(token => files.ReadAsync(OrderOf(file), _result, refusals, token), cancellationToken) is not { } step)
        {
            return file;
        }

        _result = "";
        if (step.Answer == Answer.Unknown && ++_readings == MaxReadings)
        {
            IsUnclear = true;
            await tools.Database.WriteAsync(work.Run.Job, transaction => FileLog.DeleteAsync(transaction, work.AudienceId), cancellationToken);
            return null;
        }

        if (step is { Answer: Answer.Delivered, State: FileState.Dropped })
        {
            // Its result says that it was not handled, and will never say anything else.
            return await AnewAsync(file, step, cancellationToken);
        }

        if (step.Answer != Answer.Delivered)
        {
            await FollowAsync(step, cancellationToken);
            return file;
        }

        // A destination that takes nothing of a whole file has something against the file.
        if (refusals.Count == refusals.Rows && refusals.Rows > 1)
        {
            await FollowAsync(new FileStep(Answer.Misdirected) { Reason = Reasons.Misdirected }, cancellationToken);
            return null;
        }

        work.Counts.Meter.Took();
        await settle.RunAsync(file, refusals, cancellationToken);
        return null;
    }

    // What was dropped took no effect, so the same rows are sent once more; but not for ever: whatever comes off in between, drops add up.
    private async Task<LoggedFile> AnewAsync(LoggedFile file, FileStep dropped, CancellationToken cancellationToken)
    {
        (_place, _result) = ("", "");
        var anew = await SaveAsync(file with { Stage = FileStage.Made, Ticket = "" }, cancellationToken);
        _drops = await FollowAsync(new FileStep(Answer.Unavailable) { Reason = Reasons.FileDropped, RetryAt = dropped.RetryAt }, _drops, cancellationToken);
        return anew;
    }

    // Null when the step did not come off: it has been waited, or the run is halted.
    private async Task<FileStep?> TryAsync(Func<CancellationToken, Task<FileStep>> step, CancellationToken cancellationToken)
    {
        var taken = await StepAsync(step, cancellationToken);
        if (taken is null or { Answer: Answer.Delivered })
        {
            return taken;
        }

        await FollowAsync(taken, cancellationToken);
        return null;
    }

    // Null when the account may not be called now.
    private async Task<FileStep?> StepAsync(Func<CancellationToken, Task<FileStep>> step, CancellationToken cancellationToken)
    {
        var asked = tools.Time.GetTimestamp();
        if (!await work.Run.MayCallAsync(cancellationToken))
        {
            return null;
        }

        var started = tools.Time.GetTimestamp();
        work.Counts.Meter.Waited(tools.Time.GetElapsedTime(asked, started));
        var taken = await step(cancellationToken);
        work.Counts.Meter.Stepped(taken.Answer, tools.Time.GetElapsedTime(started));
        return taken;
    }

    private async Task FollowAsync(FileStep step, CancellationToken cancellationToken) => _attempts = await FollowAsync(step, _attempts, cancellationToken);

    // Gives what was tried before and now.
    private async Task<Attempts> FollowAsync(FileStep step, Attempts before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var outcome = new BatchOutcome(step.Answer) { Reason = step.Reason, RetryAt = step.RetryAt };
        var decision = DeliveryPolicy.Decide(outcome, sent: 1, before, tools.Time.GetUtcNow(), work.Counts.Meter.NextJitter());
        if (decision.Step != NextStep.Retry)
        {
            var isRefused = step.Answer is Answer.Refused or Answer.TooLarge;
            await EndAsync(isRefused ? Reasons.Misdirected : decision.Reason, isRefused || step.Answer == Answer.Misdirected, cancellationToken);
            return before;
        }

        if (decision.HoldsAccount && !step.HoldsFilesOnly)
        {
            work.Run.Throttle.HoldUntil(decision.At);
        }

        await WaitUntilAsync(decision.At, cancellationToken);
        return before.After(step.Answer);
    }

    // There is no row to give up and nothing to split: what is refused is the file, and no later run has to wait for its fate. After a
    // mere failure one has to, since the file may have arrived.
    private async Task EndAsync(string reason, bool forgets, CancellationToken cancellationToken)
    {
        work.Run.Halt.Request(RunEnd.Failed(reason));
        if (forgets)
        {
            await tools.Database.WriteAsync(work.Run.Job, transaction => FileLog.DeleteAsync(transaction, work.AudienceId), cancellationToken);
        }
    }

    // Tells whether the time has come; a long wait puts the run down.
    private async Task<bool> WaitUntilAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var wait = at - tools.Time.GetUtcNow();
        if (wait > DeliveryPolicy.LongestWaitInPlace)
        {
            work.Run.Halt.PutDown(at);
            return false;
        }

        return wait <= TimeSpan.Zero || await work.Run.Halt.WaitAsync(token => Task.Delay(wait, tools.Time, token));
    }

    private async Task<LoggedFile> SaveAsync(LoggedFile file, CancellationToken cancellationToken)
    {
        await tools.Database.WriteAsync(
            work.Run.Job,
            async transaction =>
            {
                await AudienceStore.BeginSendingAsync(transaction, work.AudienceId);
                await FileLog.SaveAsync(transaction, work.AudienceId, file);
            },
            cancellationToken);
        return file;
    }

    private async IAsyncEnumerable<string> KeysAsync(LoggedFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = "";
        IReadOnlyList<FileRow> rows;
        do
        {
            rows = await settle.ReadAsync(file, after, RowsAtOnce, cancellationToken);
            foreach (var row in rows)
            {
                yield return row.Key;
            }

            after = rows.Count > 0 ? rows[^1].Order : after;
        }
        while (rows.Count == RowsAtOnce);
    }

    private FileOrder OrderOf(LoggedFile file) => new(file.Kind, work.Audience.Key, file.Rows);

    private long AskAt(LoggedFile file) => (tools.Time.GetUtcNow() + files.AskAfter(file.Rows, file.Asked)).ToMicroseconds();
}
