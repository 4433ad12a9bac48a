using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

/// <summary>
/// Keeps one customer list for each segment of an export (MSA-11, D-09): creates it, finds it again when the answer to that was lost,
/// takes one over that somebody else has made only if the export says so, and renames it with its segment.
/// </summary>
internal sealed partial class KeepAudiences(
    AudienceRecords records, IdGenerator ids, IOptions<MicrosoftAdvertisingOptions> options, TimeProvider time, ILogger<KeepAudiences> logger)
{
    private const int MaxAttempts = 6;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly Uri _audiences = new(new Uri(options.Value.CampaignAddress), "Audiences");
    private readonly Uri _query = new(new Uri(options.Value.CampaignAddress), "Audiences/QueryByIds");

    /// <summary>List ids by audience, and the audiences whose members are not known to be those that were sent.</summary>
    public async Task<Result<KeptAudiences>> RunAsync(
        MicrosoftAdvertisingAccounts accounts, RunAssignment assignment, IReadOnlyList<AudienceKey> keys, CancellationToken cancellationToken)
    {
        var kept = new KeptAudiences();
        if (keys.Count == 0)
        {
            return kept;
        }

        var job = new Keeping(accounts, assignment, keys[0]);
        var found = new Dictionary<AudienceKey, AudienceRecord?>();
        foreach (var key in keys)
        {
            found[key] = await records.FindAsync(key, cancellationToken);
        }

        var known = found.Values.Select(record => record?.ListId).OfType<string>().ToList();
        var remote = known.Count == 0 ? Array.Empty<RemoteAudience>() : await QueryAsync(job, known, cancellationToken);
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

    private async Task<Result<KeptAudience>> KeepAsync(
        Keeping job, AudienceKey key, AudienceRecord? record, IReadOnlyList<RemoteAudience> remote, CancellationToken cancellationToken)
    {
        if (record?.ListId is { } id && remote.FirstOrDefault(audience => audience.Id == id) is { } present)
        {
            return await RenameAsync(job, key, record, present, cancellationToken) is { } refusal ? refusal : new KeptAudience(id, IsUnknown: false);
        }

        var isLost = record?.ListId is not null;
        if (isLost)
        {
            Log.Deleted(logger, key.Segment);
        }
        else if (record is not null && await FindOwnAsync(job, record, cancellationToken) is { } search)
        {
            // An earlier attempt did not live to see the answer.
            return search.Refusal is { } refusal ? refusal
                : search.Value.Id.Length > 0 ? await TakeAsync(key, record, search.Value.Id, isUnknown: true, cancellationToken)
                : await CreateAsync(job, key, record, isUnknown: false, cancellationToken);
        }

        // Written down first: whatever happens to the answer, the list can be told by its marker.
        var intent = new AudienceRecord(ids.Next(), null);
        await records.SaveAsync(key, intent, cancellationToken);
        return await CreateAsync(job, key, intent, isLost, cancellationToken);
    }

    private async Task<Result<KeptAudience>> CreateAsync(Keeping job, AudienceKey key, AudienceRecord record, bool isUnknown, CancellationToken cancellationToken)
    {
        var wanted = Want(job, key, record);
        if (wanted.Name.Length is 0 or > MicrosoftAdvertisingLimits.NameLength)
        {
            return Refuse(MicrosoftAdvertisingReasons.AudienceNameInvalid);
        }

        for (var attempt = 1; ; attempt++)
        {
            var reply = await job.Accounts.CallAsync(key, HttpMethod.Post, _audiences, MicrosoftAdvertisingWire.AddAudience(wanted), cancellationToken);
            if (reply.Fault is null && IdOf(reply) is { } id)
            {
                Log.Created(logger, key.Segment);
                return await TakeAsync(key, record, id, isUnknown, cancellationToken);
            }

            var fault = reply.Fault ?? PartialFault(reply);
            if (fault.Answer is Answer.Unknown || fault.Reason == MicrosoftAdvertisingReasons.AudienceNameTaken)
            {
                var search = await FindAsync(job, audience => IsOurs(audience, record) || string.Equals(audience.Name, wanted.Name, StringComparison.OrdinalIgnoreCase), cancellationToken);
                if (search.Refusal is { } refusal)
                {
                    return refusal;
                }

                if (search.Value.Id.Length > 0)
                {
                    return await AdoptAsync(job, key, record, search.Value, cancellationToken);
                }
            }

            if (!await MayRetryAsync(fault, attempt, cancellationToken))
            {
                return Refuse(fault.Reason);
            }
        }
    }

    private async Task<Result<KeptAudience>> AdoptAsync(Keeping job, AudienceKey key, AudienceRecord record, RemoteAudience audience, CancellationToken cancellationToken)
    {
        if (IsOurs(audience, record))
        {
            return await TakeAsync(key, record, audience.Id, isUnknown: true, cancellationToken);
        }

        if (!job.Assignment.Export.MicrosoftAdvertising.AdoptExisting)
        {
            return Refuse(MicrosoftAdvertisingReasons.AudienceNameTaken);
        }

        Log.Adopted(logger, key.Segment);
        var taken = await TakeAsync(key, record, audience.Id, isUnknown: true, cancellationToken);
        return await RenameAsync(job, key, record, audience, cancellationToken) is { } refusal ? refusal : taken;
    }

    private async Task<Result<KeptAudience>> TakeAsync(AudienceKey key, AudienceRecord record, string id, bool isUnknown, CancellationToken cancellationToken)
    {
        await records.SaveAsync(key, record with { ListId = id }, cancellationToken);
        return new KeptAudience(id, isUnknown);
    }

    // The documents disagree on whether a customer list can be updated so. One that cannot keeps its name; that stops no run.
    private async Task<Refusal?> RenameAsync(Keeping job, AudienceKey key, AudienceRecord record, RemoteAudience present, CancellationToken cancellationToken)
    {
        var wanted = Want(job, key, record);
        if (present.Name == wanted.Name && present.Description == wanted.Description && present.MembershipDuration == wanted.MembershipDuration)
        {
            return null;
        }

        for (var attempt = 1; ; attempt++)
        {
            var reply = await job.Accounts.CallAsync(key, HttpMethod.Put, _audiences, MicrosoftAdvertisingWire.UpdateAudience(wanted, present.Id), cancellationToken);
            var errors = MicrosoftAdvertisingOutcomes.ArrayOf(reply.Body, "PartialErrors").Any();
            if (reply.Fault is null && !errors)
            {
                Log.Renamed(logger, key.Segment);
                return null;
            }

            var fault = reply.Fault ?? PartialFault(reply);
            if (fault.Reason == MicrosoftAdvertisingReasons.AudienceNameTaken)
            {
                return Refuse(fault.Reason);
            }

            if (reply.Fault is null)
            {
                Log.NotRenamed(logger, key.Segment, fault.Code);
                return null;
            }

            if (!await MayRetryAsync(fault, attempt, cancellationToken))
            {
                return Refuse(fault.Reason);
            }
        }
    }

    private Task<Result<RemoteAudience>> FindOwnAsync(Keeping job, AudienceRecord record, CancellationToken cancellationToken) =>
        FindAsync(job, audience => IsOurs(audience, record), cancellationToken);

    // Nobody is an audience without an id.
    private async Task<Result<RemoteAudience>> FindAsync(Keeping job, Func<RemoteAudience, bool> isWanted, CancellationToken cancellationToken)
    {
        var all = await QueryAsync(job, [], cancellationToken);
        return all.Refusal is { } refusal ? refusal : all.Value.FirstOrDefault(isWanted) ?? new RemoteAudience("", "", "", null);
    }

    private async Task<Result<RemoteAudience[]>> QueryAsync(Keeping job, IReadOnlyCollection<string> listIds, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var reply = await job.Accounts.CallAsync(job.Account, HttpMethod.Post, _query, MicrosoftAdvertisingWire.QueryAudiences(listIds), cancellationToken);
            if (reply.Fault is not { } fault)
            {
                return MicrosoftAdvertisingWire.ReadAudiences(reply.Body);
            }

            if (!await MayRetryAsync(fault, attempt, cancellationToken))
            {
                return Refuse(fault.Reason);
            }
        }
    }

    // Here nothing is sent in parallel, and nothing is counted: a plain wait will do. The run can be stopped during it.
    private async Task<bool> MayRetryAsync(Fault fault, int attempt, CancellationToken cancellationToken)
    {
        if (attempt >= MaxAttempts || fault.Answer is not (Answer.Throttled or Answer.Unavailable or Answer.Unknown))
        {
            return false;
        }

        var wait = FirstWait * Math.Pow(2, attempt - 1);
        await Task.Delay(fault.Wait > wait ? fault.Wait.Value : wait, time, cancellationToken);
        return true;
    }

    private static WantedAudience Want(Keeping job, AudienceKey key, AudienceRecord record)
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
        return ids is [{ ValueKind: System.Text.Json.JsonValueKind.String } id] && id.GetString() is { Length: > 0 } text ? text : null;
    }

    private static Fault PartialFault(Reply reply)
    {
        var code = MicrosoftAdvertisingOutcomes.ArrayOf(reply.Body, "PartialErrors").Select(MicrosoftAdvertisingOutcomes.CodeOf).FirstOrDefault(code => code is not null);
        return code is null ? Fault.Lost : MicrosoftAdvertisingOutcomes.OfCode(code.Value) ?? new Fault(Answer.Misdirected, MicrosoftAdvertisingReasons.AudienceSettingsRefused, code.Value);
    }

    private static Refusal Refuse(string reason) =>
        Refusal.Precondition(reason, MicrosoftAdvertisingReasons.Explain(reason) is { Length: > 0 } own ? own : Reasons.Explain(reason));

    private sealed record Keeping(MicrosoftAdvertisingAccounts Accounts, RunAssignment Assignment, AudienceKey Account);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Created the audience of {Segment}")]
        public static partial void Created(ILogger logger, string segment);

        [LoggerMessage(2, LogLevel.Information, "Renamed the audience of {Segment}, or changed its settings")]
        public static partial void Renamed(ILogger logger, string segment);

        [LoggerMessage(3, LogLevel.Warning, "The audience of {Segment} keeps its name and settings: Microsoft Advertising does not change them (code {Code})")]
        public static partial void NotRenamed(ILogger logger, string segment, int code);

        [LoggerMessage(4, LogLevel.Warning, "The audience of {Segment} was deleted at Microsoft Advertising; it is created anew and filled")]
        public static partial void Deleted(ILogger logger, string segment);

        [LoggerMessage(5, LogLevel.Information, "Took over an existing audience for {Segment}, as the export says")]
        public static partial void Adopted(ILogger logger, string segment);
    }
}

/// <summary>The lists of a run.</summary>
internal sealed class KeptAudiences
{
    private readonly Dictionary<string, string> _lists = new(StringComparer.Ordinal);
    private readonly List<string> _unknown = [];

    /// <summary>List id by key of the audience.</summary>
    public IReadOnlyDictionary<string, string> Lists => _lists;

    /// <summary>Keys of audiences that may hold others than whom was sent, or nobody.</summary>
    public IReadOnlyCollection<string> Unknown => _unknown;

    public void Add(AudienceKey key, KeptAudience audience)
    {
        _lists[key.ToString()] = audience.ListId;
        if (audience.IsUnknown)
        {
            _unknown.Add(key.ToString());
        }
    }
}

/// <summary>One list.</summary>
/// <param name="IsUnknown">It may hold others than whom was sent, or nobody.</param>
internal sealed record KeptAudience(string ListId, bool IsUnknown);
