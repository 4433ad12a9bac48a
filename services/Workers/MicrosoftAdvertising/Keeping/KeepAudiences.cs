using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>
/// Keeps one customer list for each segment of an export (MSA-11, D-09): creates it, finds it again when the answer to that was lost,
/// takes one over that somebody else has made only if the export says so, and renames it with its segment. Whether everybody in a list
/// has to be replaced is written down together with the list, since a run may end before it comes to that.
/// </summary>
internal sealed partial class KeepAudiences(AudienceRecords records, AudienceCalls calls, ChangeAudience change, IdGenerator ids, ILogger<KeepAudiences> logger)
{
    /// <summary>List ids by audience, and the audiences whose members are not known to be those that were sent.</summary>
    public async Task<Result<KeptAudiences>> RunAsync(KeepingJob job, IReadOnlyList<AudienceKey> keys, CancellationToken cancellationToken)
    {
        var kept = new KeptAudiences();
        var found = new Dictionary<AudienceKey, AudienceRecord?>();
        foreach (var key in keys)
        {
            found[key] = await FindRecordAsync(job, key, cancellationToken);
        }

        var known = found.Values.Select(record => record?.ListId).OfType<string>().ToList();
        var remote = known.Count == 0 ? Array.Empty<RemoteAudience>() : await calls.QueryAsync(job, known, cancellationToken);
        if (remote.Refusal is { } refusal)
        {
            return refusal;
        }

        foreach (var key in keys)
        {
            var result = await KeepAsync(job, key, found[key], remote.Value, cancellationToken);
            if (result.Refusal is { } refused)
            {
                return refused;
            }

            kept.Add(key, result.Value);
        }

        return kept;
    }

    // Whom another ledger has brought in, this one does not know: everybody is replaced (D-08).
    private async Task<AudienceRecord?> FindRecordAsync(KeepingJob job, AudienceKey key, CancellationToken cancellationToken)
    {
        var record = await records.FindAsync(key, cancellationToken);
        if (record is null || record.Ledger == job.Ledger)
        {
            return record;
        }

        record = record with { Ledger = job.Ledger, MustReplace = record.MustReplace || record.Ledger is not null };
        await records.SaveAsync(key, record, cancellationToken);
        return record;
    }

    private async Task<Result<KeptAudience>> KeepAsync(
        KeepingJob job, AudienceKey key, AudienceRecord? record, IReadOnlyList<RemoteAudience> remote, CancellationToken cancellationToken)
    {
        if (record?.ListId is { } id && remote.FirstOrDefault(audience => audience.Id == id) is { } present)
        {
            return await ChangeAsync(job, key, record, present, cancellationToken);
        }

        if (record?.ListId is not null)
        {
            Log.Deleted(logger, key.Segment);
        }
        else if (record is not null)
        {
            // An earlier attempt did not live to see the answer, or was refused.
            var search = await calls.FindAsync(job, audience => IsOurs(audience, record), cancellationToken);
            return search.Refusal is { } refusal ? refusal
                : search.Value.Id.Length > 0 ? await TakeAsync(job, key, record, search.Value, cancellationToken)
                : await CreateAsync(job, key, record, cancellationToken);
        }

        // Written down first: whatever happens to the answer, the list can be told by its marker, and a new one in the place of another is filled.
        var intent = new AudienceRecord(ids.Next(), null, job.Ledger, MustReplace: record is not null);
        await records.SaveAsync(key, intent, cancellationToken);
        return await CreateAsync(job, key, intent, cancellationToken);
    }

    private async Task<Result<KeptAudience>> CreateAsync(KeepingJob job, AudienceKey key, AudienceRecord record, CancellationToken cancellationToken)
    {
        var wanted = Want(job, key, record);
        if (wanted.Name.Length is 0 or > MicrosoftAdvertisingLimits.NameLength)
        {
            return MicrosoftAdvertisingReasons.Refuse(MicrosoftAdvertisingReasons.AudienceNameInvalid, key.Segment);
        }

        for (var attempt = 1; ; attempt++)
        {
            var reply = await calls.AddAsync(job, key, wanted, cancellationToken);
            if (reply.Fault is null && IdOf(reply) is { } id)
            {
                Log.Created(logger, key.Segment);
                await records.SaveAsync(key, record with { ListId = id }, cancellationToken);
                return new KeptAudience(id, record.MustReplace, wanted.MembershipDuration);
            }

            var fault = reply.Fault ?? AudienceCalls.PartialFault(reply);
            if (fault.Answer is Answer.Unknown || fault.Reason == MicrosoftAdvertisingReasons.AudienceNameTaken)
            {
                var search = await calls.FindAsync(job, audience => IsOurs(audience, record) || string.Equals(audience.Name, wanted.Name, StringComparison.OrdinalIgnoreCase), cancellationToken);
                if (search.Refusal is { } refusal)
                {
                    return refusal;
                }

                if (search.Value.Id.Length > 0)
                {
                    return IsOurs(search.Value, record)
                        ? await TakeAsync(job, key, record, search.Value, cancellationToken)
                        : await AdoptAsync(job, key, record, search.Value, cancellationToken);
                }
            }

            if (!await calls.MayRetryAsync(fault, attempt, cancellationToken))
            {
                return MicrosoftAdvertisingReasons.Refuse(fault.Reason, key.Segment);
            }
        }
    }

    private async Task<Result<KeptAudience>> AdoptAsync(KeepingJob job, AudienceKey key, AudienceRecord record, RemoteAudience audience, CancellationToken cancellationToken)
    {
        // Two segments in one list would take out each other's members for ever; no consent covers that.
        if (await records.IsOfAnotherAsync(key, audience.Id, cancellationToken))
        {
            return MicrosoftAdvertisingReasons.Refuse(MicrosoftAdvertisingReasons.AudienceOfAnotherSegment, key.Segment);
        }

        if (!job.Assignment.Export.MicrosoftAdvertising.AdoptExisting)
        {
            return MicrosoftAdvertisingReasons.Refuse(MicrosoftAdvertisingReasons.AudienceNameTaken, key.Segment);
        }

        Log.Adopted(logger, key.Segment);
        return await TakeAsync(job, key, record with { MustReplace = true }, audience, cancellationToken);
    }

    private async Task<Result<KeptAudience>> TakeAsync(KeepingJob job, AudienceKey key, AudienceRecord record, RemoteAudience audience, CancellationToken cancellationToken)
    {
        record = record with { ListId = audience.Id };
        await records.SaveAsync(key, record, cancellationToken);
        return await ChangeAsync(job, key, record, audience, cancellationToken);
    }

    private async Task<Result<KeptAudience>> ChangeAsync(KeepingJob job, AudienceKey key, AudienceRecord record, RemoteAudience present, CancellationToken cancellationToken)
    {
        var days = await change.RunAsync(job, key, Want(job, key, record), present, cancellationToken);
        return days.Refusal is { } refusal ? refusal : new KeptAudience(present.Id, record.MustReplace, days.Value);
    }

    private static WantedAudience Want(KeepingJob job, AudienceKey key, AudienceRecord record)
    {
        var name = job.Assignment.SegmentDisplayNames.TryGetValue(key.Segment, out var display) ? display : key.Segment[(key.Segment.LastIndexOf('/') + 1)..];
        var days = job.Assignment.Export.MicrosoftAdvertising.MembershipDurationDays;
        return new WantedAudience(key.CustomerId, name.Trim(), Describe(record), days == 0 ? MicrosoftAdvertisingLimits.LongestMembership : days);
    }

    private static string Describe(AudienceRecord record) => $"Kept by CustomerInsights ({record.Marker})";

    private static bool IsOurs(RemoteAudience audience, AudienceRecord record) => audience.Description == Describe(record);

    private static string? IdOf(Reply reply)
    {
        var ids = MicrosoftAdvertisingOutcomes.ArrayOf(reply.Body, "AudienceIds").Take(1).ToList();
        return ids is [{ ValueKind: System.Text.Json.JsonValueKind.String } id] && id.GetString() is { } text && MicrosoftAdvertisingWire.IsListId(text) ? text : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Created the audience of {Segment}")]
        public static partial void Created(ILogger logger, string segment);

        [LoggerMessage(4, LogLevel.Warning, "The audience of {Segment} was deleted at Microsoft Advertising; it is created anew and filled")]
        public static partial void Deleted(ILogger logger, string segment);

        [LoggerMessage(5, LogLevel.Information, "Took over an existing audience for {Segment}, as the export says")]
        public static partial void Adopted(ILogger logger, string segment);
    }
}
