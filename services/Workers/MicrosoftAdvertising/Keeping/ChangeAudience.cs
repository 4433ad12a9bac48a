using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.Workers.MicrosoftAdvertising.Filing;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>
/// Gives a list the name, the mark and the duration that it should have (D-09, D-14). The vendor's pages disagree on how: its page
/// campaign-management-service/updateaudiences knows remarketing lists and custom audiences only, campaign-management-service/customerlist
/// has rules for updates, and bulk-service/customer-list takes a row of an existing list. So a call is tried first, then a file that holds
/// the row of the list and no members. A list that cannot be changed either way stays as it is, and that stops no run.
/// </summary>
internal sealed partial class ChangeAudience(AudienceCalls calls, UploadFile upload, TimeProvider time, ILogger<ChangeAudience> logger)
{
    /// <summary>A file is asked for so often; a list that has not changed by then is looked at again by the next run.</summary>
    private const int MaxAsks = 4;

    /// <summary>The membership duration in force, in days or -1.</summary>
    public async Task<Result<int>> RunAsync(KeepingJob job, AudienceKey key, WantedAudience wanted, RemoteAudience present, CancellationToken cancellationToken)
    {
        if (present.Name == wanted.Name && present.Description == wanted.Description && present.MembershipDuration == wanted.MembershipDuration)
        {
            return wanted.MembershipDuration;
        }

        var fault = await ByCallAsync(job, key, wanted, present.Id, cancellationToken);
        if (fault is { Answer: Answer.Misdirected or Answer.Refused or Answer.TooLarge } && fault.Reason != MicrosoftAdvertisingReasons.AudienceNameTaken)
        {
            fault = await ByFileAsync(job, key, wanted, present.Id, cancellationToken);
            if (fault is not null && fault.Reason != MicrosoftAdvertisingReasons.AudienceNameTaken)
            {
                Log.NotChanged(logger, key.Segment, fault.Reason, fault.Code);
                return present.MembershipDuration ?? MicrosoftAdvertisingLimits.DefaultMembership;
            }
        }

        if (fault is not null)
        {
            return MicrosoftAdvertisingReasons.Refuse(fault.Reason, key.Segment);
        }

        Log.Changed(logger, key.Segment);
        return wanted.MembershipDuration;
    }

    // Null when it is done.
    private async Task<Fault?> ByCallAsync(KeepingJob job, AudienceKey key, WantedAudience wanted, string id, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var reply = await calls.UpdateAsync(job, key, wanted, id, cancellationToken);
            var errors = MicrosoftAdvertisingOutcomes.ArrayOf(reply.Body, "PartialErrors").Any();
            if (reply.Fault is null && !errors)
            {
                return null;
            }

            var fault = reply.Fault ?? AudienceCalls.PartialFault(reply);
            if (!await calls.MayRetryAsync(fault, attempt, cancellationToken))
            {
                return fault;
            }
        }
    }

    // Each step is tried once: nothing depends on it, and what is in doubt is looked at again by the next run.
    private async Task<Fault?> ByFileAsync(KeepingJob job, AudienceKey key, WantedAudience wanted, string id, CancellationToken cancellationToken)
    {
        var order = new FileOrder(FileKind.Additions, key.ToString(), 0);
        var reserved = await job.Files.ReserveAsync(order, cancellationToken);
        if (reserved.Answer != Answer.Delivered)
        {
            return FaultOf(reserved);
        }

        await using var file = await upload.WriteListAsync(id, wanted, cancellationToken);
        var sent = await job.Files.UploadAsync(order, reserved.Place, file, cancellationToken);
        if (sent.Answer is not (Answer.Delivered or Answer.Unknown))
        {
            return FaultOf(sent);
        }

        for (var asked = 0; asked < MaxAsks; asked++)
        {
            await Task.Delay(job.Files.AskAfter(0, asked), time, cancellationToken);
            var told = await job.Files.AskAsync(order, reserved.Ticket, cancellationToken);
            if (told is { Answer: Answer.Delivered, State: FileState.Working })
            {
                continue;
            }

            if (told is not { Answer: Answer.Delivered, State: FileState.Done })
            {
                return FaultOf(told);
            }

            var read = await job.Files.ReadAsync(order, told.Result, new FileRefusals(0), cancellationToken);
            return read is { Answer: Answer.Delivered, State: not FileState.Dropped } ? null : FaultOf(read);
        }

        return new Fault(Answer.Unavailable, Reasons.Unavailable);
    }

    private static Fault FaultOf(FileStep step) => new(step.Answer, step.Reason.Length > 0 ? step.Reason : Reasons.FileDropped);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Renamed the audience of {Segment}, or changed its settings")]
        public static partial void Changed(ILogger logger, string segment);

        [LoggerMessage(2, LogLevel.Warning, "The audience of {Segment} keeps its name and settings: Microsoft Advertising changes them neither by call nor by file ({Reason}, code {Code})")]
        public static partial void NotChanged(ILogger logger, string segment, string reason, int code);
    }
}
