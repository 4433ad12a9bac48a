using CustomerInsights.Destinations.Deciding;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>Files for a <see cref="ScriptedVendor"/>, kept in memory under their tickets.</summary>
internal sealed class ScriptedFiles(ScriptedVendor vendor, TimeProvider time) : IFileDelivery
{
    public FileLimits Limits { get; } = new(vendor.TakesFiles ? 1 : long.MaxValue, 10_000, null);

    private static FileStep Lost => new(Answer.Unknown) { Reason = Reasons.AnswerLost };

    // At once: the clock of a worker may stand still.
    public TimeSpan AskAfter(long rows, long asked) => TimeSpan.Zero;

    public async Task<FileStep> ReserveAsync(FileOrder order, CancellationToken cancellationToken)
    {
        var ticket = Some.Name("ticket");
        vendor.Tickets[ticket] = null;
        await vendor.AtStep("reserved", cancellationToken);
        return FileStep.Taken with { Ticket = ticket, Place = ticket };
    }

    public async Task<FileStep> UploadAsync(FileOrder order, string place, IAsyncEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var rows = await keys.ToListAsync(cancellationToken);
        Assert.That(rows, Has.Count.EqualTo(order.Rows));
        await vendor.AtStep("upload", cancellationToken);
        var (fault, wait) = vendor.Meet(rows);
        if (fault?.Kind == VendorFaultKind.Hanging)
        {
            await wait.WaitAsync(cancellationToken);
        }

        if (fault?.Kind == VendorFaultKind.Slow)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10 * rows.Count), cancellationToken);
        }

        if (Refuse(fault) is { } refused)
        {
            return refused;
        }

        vendor.Tickets[place] = new ScriptedFile(rows, vendor.TakeFile(order.Kind, rows, fault), fault);
        await vendor.AtStep("uploaded", cancellationToken);
        return fault?.Kind == VendorFaultKind.DroppedAfter ? Lost : FileStep.Taken;
    }

    // Answers are lost as long as the fault lasts.
    public async Task<FileStep> AskAsync(FileOrder order, string ticket, CancellationToken cancellationToken)
    {
        await vendor.AtStep("ask", cancellationToken);
        if (vendor.AtAsk() is { } told)
        {
            return told;
        }

        var file = vendor.Tickets.GetValueOrDefault(ticket);
        var isLost = file?.Fault is { Kind: VendorFaultKind.DroppedAfter } && vendor.Meet(file.Keys).Fault?.Kind == VendorFaultKind.DroppedAfter;
        return isLost ? Lost : FileStep.Taken with { State = file is null ? FileState.Dropped : FileState.Done, Result = ticket };
    }

    public async Task<FileStep> ReadAsync(FileOrder order, string result, FileRefusals refusals, CancellationToken cancellationToken)
    {
        if (vendor.AtRead() is { } read)
        {
            return read;
        }

        var file = vendor.Tickets[result]!;
        var isReadable = file.Fault?.Kind != VendorFaultKind.Unreadable || vendor.Meet(file.Keys).Fault is null;
        foreach (var refused in file.Refused)
        {
            isReadable &= refused.Length > 0 && refusals.Add(file.Keys.IndexOf(refused), ScriptedVendor.Refused);
        }

        await vendor.AtStep("read", cancellationToken);
        return isReadable ? FileStep.Taken : Lost;
    }

    private FileStep? Refuse(VendorFault? fault) => fault?.Kind switch
    {
        VendorFaultKind.Unavailable or VendorFaultKind.DroppedBefore => new FileStep(Answer.Unavailable) { Reason = Reasons.Unavailable },
        VendorFaultKind.Throttled => new FileStep(Answer.Throttled) { Reason = Reasons.Throttled, RetryAt = time.GetUtcNow().AddSeconds(1) },
        VendorFaultKind.ThrottledForLong => new FileStep(Answer.Throttled) { Reason = Reasons.Throttled, RetryAt = time.GetUtcNow().AddMinutes(10) },
        VendorFaultKind.RefuseRequest => new FileStep(Answer.Refused) { Reason = ScriptedVendor.Refused },
        VendorFaultKind.TooLarge => new FileStep(Answer.TooLarge) { Reason = Reasons.RowTooLarge },
        VendorFaultKind.Unauthorized => new FileStep(Answer.Unauthorized) { Reason = Reasons.CredentialUnknown },
        VendorFaultKind.Forbidden => new FileStep(Answer.Unauthorized) { Reason = Reasons.CredentialForbidden },
        _ => null,
    };
}

/// <summary>A file that was taken.</summary>
internal sealed record ScriptedFile(List<string> Keys, IReadOnlyCollection<string> Refused, VendorFault? Fault);
