using System.Net.Http.Headers;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.ServiceDefaults.Spooling;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

/// <summary>
/// The Bulk service (https://learn.microsoft.com/advertising/guides/bulk-download-upload): an upload address that works once, a file, questions
/// about its fate, and a result. The request id is the ticket; addresses stay in memory.
/// </summary>
internal sealed class MicrosoftAdvertisingFiles(
    MicrosoftAdvertisingAccounts accounts, AudienceLists lists, UploadFile upload, FileSettings settings) : IFileDelivery
{
    private const long RowsAMinute = 10_000;
    private const string NoErrors = "none";

    /// <summary>There are errors, and it is not said where to read them.</summary>
    private const string Unnamed = "unnamed";

    /// <summary>Ticket of a file that nobody has to be sent: whom it would take out stands nowhere.</summary>
    private const string Needless = "needless";
    private const int UrlAlreadyUsed = 3224;

    private readonly Uri _reserve = new(settings.Bulk, "BulkUploadUrl/Query");
    private readonly Uri _ask = new(settings.Bulk, "BulkUploadStatus/Query");

    public FileLimits Limits { get; private set; } = settings.Limits;

    /// <summary>From now on everybody is sent again after that time; null for never.</summary>
    public void SendAllEvery(TimeSpan? time) => Limits = Limits with { FullSendEvery = time };

    public TimeSpan AskAfter(long rows, long asked)
    {
        // The documentation counts a minute for 10,000 rows (MSA-23).
        var expected = TimeSpan.FromMinutes(1) * ((double)rows / RowsAMinute);
        var first = expected > settings.Options.FirstAsk ? expected : settings.Options.FirstAsk;
        var wait = first * Math.Pow(2, Math.Min(asked, 20));
        return wait < settings.Options.LongestAsk ? wait : settings.Options.LongestAsk;
    }

    public async Task<FileStep> ReserveAsync(FileOrder order, CancellationToken cancellationToken)
    {
        if (NobodyMisses(order) && await lists.FindAsync(order.Audience, cancellationToken) is null)
        {
            return FileStep.Taken with { Ticket = Needless, Place = Needless };
        }

        var account = AudienceKey.Parse(order.Audience);
        var reply = await accounts.CallAsync(account, HttpMethod.Post, _reserve, MicrosoftAdvertisingWire.ReserveUpload(account.AccountId), cancellationToken);
        if (reply.Fault is { } fault)
        {
            return Step(fault);
        }

        var (ticket, place) = (ForeignAnswer.Text(reply.Body, "RequestId"), ForeignAnswer.Text(reply.Body, "UploadUrl"));
        return ticket is null || place is null ? Step(Fault.Lost)
            : !IsAllowed(place) ? Step(new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AddressNotAllowed))
            : FileStep.Taken with { Ticket = ticket, Place = place };
    }

    public async Task<FileStep> UploadAsync(FileOrder order, string place, IAsyncEnumerable<string> keys, CancellationToken cancellationToken)
    {
        if (place == Needless)
        {
            return FileStep.Taken;
        }

        if (await lists.FindAsync(order.Audience, cancellationToken) is not { } listId)
        {
            return Step(new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceMissing));
        }

        await using var file = await upload.WriteAsync(order.Kind, listId, keys, cancellationToken);
        if (file is null)
        {
            return Step(new Fault(Answer.Misdirected, Reasons.FileTooLarge));
        }

        if (order.Kind == FileKind.Replacement)
        {
            await lists.ReplacingAsync(order.Audience, cancellationToken);
        }

        return await UploadAsync(order, place, file, cancellationToken);
    }

    /// <summary>Uploads a file that is written already, once.</summary>
    public async Task<FileStep> UploadAsync(FileOrder order, string place, Stream file, CancellationToken cancellationToken)
    {
        var reply = await accounts.UploadAsync(AudienceKey.Parse(order.Audience), new Uri(place), () => BodyOf(file), cancellationToken);
        return reply.Fault is null || MicrosoftAdvertisingOutcomes.CodesOf(reply.Body).Contains(UrlAlreadyUsed) ? FileStep.Taken
            : MicrosoftAdvertisingOutcomes.CodesOf(reply.Body).Any(code => code is 3220 or 3226) ? FileStep.Taken with { State = FileState.Dropped }
            : Step(reply.Fault);
    }

    public async Task<FileStep> AskAsync(FileOrder order, string ticket, CancellationToken cancellationToken)
    {
        if (ticket == Needless)
        {
            return FileStep.Taken with { State = FileState.Done, Result = NoErrors };
        }

        var reply = await accounts.CallAsync(AudienceKey.Parse(order.Audience), HttpMethod.Post, _ask, MicrosoftAdvertisingWire.AskUpload(ticket), cancellationToken);
        if (reply.Fault is { } fault)
        {
            // An answer about the request that is in no table: the service does not know the ticket any more.
            return fault.Answer == Answer.Refused ? FileStep.Taken with { State = FileState.Dropped } : Step(fault);
        }

        return ForeignAnswer.Text(reply.Body, "RequestStatus") switch
        {
            "PendingFileUpload" => FileStep.Taken with { State = FileState.Dropped },
            "FileUploaded" or "InProgress" => FileStep.Taken with { State = FileState.Working },
            "Completed" or "CompletedWithErrors" when ForeignAnswer.Text(reply.Body, "ResultFileUrl") is { Length: > 0 } result =>
                IsAllowed(result) ? FileStep.Taken with { State = FileState.Done, Result = result } : Step(new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AddressNotAllowed)),
            "Completed" => FileStep.Taken with { State = FileState.Done, Result = NoErrors },
            "CompletedWithErrors" => FileStep.Taken with { State = FileState.Done, Result = Unnamed },
            "UploadFileRowCountExceeded" => Step(new Fault(Answer.Misdirected, Reasons.FileTooLarge)),
            "UploadFileFormatNotSupported" => Step(new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.FileFormatRefused)),
            "Failed" or "Expired" or "Aborted" => Failed(order, reply),
            _ => Step(Fault.Lost),
        };
    }

    public async Task<FileStep> ReadAsync(FileOrder order, string result, FileRefusals refusals, CancellationToken cancellationToken)
    {
        if (result == NoErrors)
        {
            return FileStep.Taken;
        }

        if (result == Unnamed)
        {
            return Step(Fault.Lost);
        }

        await using var spool = SpoolFile.Open(settings.Options.SpoolFolder, UploadFile.BufferBytes, FileOptions.Asynchronous);
        var fault = await accounts.DownloadAsync(new Uri(result), spool, Math.Min(ResultFile.LongestResult(order.Rows), MicrosoftAdvertisingLimits.FileBytes), cancellationToken);
        if (fault is null)
        {
            spool.Position = 0;
            fault = await ResultFile.ReadAsync(spool, refusals, cancellationToken);
        }

        return fault is null || IsNeedless(order, fault) ? FileStep.Taken : FinalStep(fault);
    }

    // Nobody stands in a list that was deleted.
    private bool IsNeedless(FileOrder order, Fault fault) => NobodyMisses(order) && fault.Reason == MicrosoftAdvertisingReasons.AudienceMissing;

    private bool NobodyMisses(FileOrder order) => order.Kind == FileKind.Removals && !lists.IsKept(order.Audience);

    // Codes without meaning, 0 among them, are no reason; what failed took no effect and may be tried again.
    private FileStep Failed(FileOrder order, Reply reply)
    {
        var fault = MicrosoftAdvertisingOutcomes.CodesOf(reply.Body).Where(code => code != 0).Select(MicrosoftAdvertisingOutcomes.OfCode).FirstOrDefault(fault => fault is not null);
        return fault is null ? FileStep.Taken with { State = FileState.Dropped }
            : IsNeedless(order, fault) ? FileStep.Taken with { State = FileState.Done, Result = NoErrors }
            : FinalStep(fault);
    }

    // What has ended stays as it is: asking again would bring the same answer. A passing trouble is sent anew when its time is over, and
    // whether a sign-in is refused tells the next call.
    private FileStep FinalStep(Fault fault) => fault.Answer is Answer.Throttled or Answer.Unavailable or Answer.Unauthorized
        ? Step(fault) with { Answer = Answer.Delivered, State = FileState.Dropped }
        : Step(fault);

    private static MultipartFormDataContent BodyOf(Stream file)
    {
        file.Position = 0;
        var content = new StreamContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        return new MultipartFormDataContent { { new UnclosedContent(content), "uploadFile", "upload.zip" } };
    }

    private bool IsAllowed(string address) => settings.Options.IsAllowed(address);

    private FileStep Step(Fault fault) => MicrosoftAdvertisingOutcomes.OfFileFault(fault, settings.Time.GetUtcNow());

    /// <summary>The body of one attempt: the file stays open for the next.</summary>
    private sealed class UnclosedContent : HttpContent
    {
        private readonly StreamContent _inner;

        public UnclosedContent(StreamContent inner)
        {
            _inner = inner;
            Headers.ContentType = inner.Headers.ContentType;
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => _inner.CopyToAsync(stream, context);

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken) =>
            _inner.CopyToAsync(stream, context, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? -1;
            return length >= 0;
        }
    }
}

/// <summary>How files go.</summary>
/// <param name="Bulk">Base address of the Bulk service.</param>
internal sealed record FileSettings(Uri Bulk, FileLimits Limits, MicrosoftAdvertisingOptions Options, TimeProvider Time);
