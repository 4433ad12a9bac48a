using System.Buffers;
using System.Text;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.Workers.MicrosoftAdvertising.Filing;
using CustomerInsights.Workers.MicrosoftAdvertising.Keeping;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>What a session works with.</summary>
internal sealed class SessionTools(KeepAudiences keep, UploadFile upload, IOptions<MicrosoftAdvertisingOptions> options, TimeProvider time)
{
    public KeepAudiences Keep => keep;

    public UploadFile Upload => upload;

    public MicrosoftAdvertisingOptions Options => options.Value;

    public TimeProvider Time => time;
}

/// <summary>One run to Microsoft Advertising: one audience for each segment (MSA-11). A member is its hashed address, and nothing else.</summary>
internal sealed class MicrosoftAdvertisingSession : IDestinationSession
{
    private static readonly MappingRefusal EmailMissing = new(MicrosoftAdvertisingReasons.EmailMissing, WantsAddress: true);
    private static readonly MappingRefusal EmailInvalid = new(MicrosoftAdvertisingReasons.EmailInvalid, WantsAddress: true);

    private readonly RunAssignment _assignment;
    private readonly MicrosoftAdvertisingAccounts _accounts;
    private readonly AudienceLists _lists;
    private readonly SessionTools _tools;
    private readonly IReadOnlyList<AudienceKey> _keys;
    private readonly MicrosoftAdvertisingFiles _files;
    private readonly Uri _apply;

    public MicrosoftAdvertisingSession(RunAssignment assignment, MicrosoftAdvertisingAccounts accounts, AudienceLists lists, SessionTools tools)
    {
        (_assignment, _accounts, _lists, _tools) = (assignment, accounts, lists, tools);
        var settings = assignment.Export.MicrosoftAdvertising;
        _keys = [.. assignment.Export.Segments.Select(segment => new AudienceKey(settings.CustomerId, settings.AccountId, segment))];
        _lists.Keep(assignment.EmptyAudiences ? [] : _keys);
        _apply = new Uri(new Uri(tools.Options.CampaignAddress), "CustomerListUserData/Apply");
        Attributes = [settings.EmailAttribute];
        Audiences = [.. _keys.Select(key => new Audience(key.ToString(), [key.Segment]))];
        Limits = MicrosoftAdvertisingLimits.Of(tools.Options);

        // Error 117 counts the calls of a customer, through whichever connection they come.
        ThrottledAs = settings.CustomerId;
        EmptiesGivenUp = settings.OnDeselect == MicrosoftAdvertisingOnDeselect.Empty;
        Definition = $"sha-256 of the lower-case address\n{settings.EmailAttribute}";
        var limits = new FileLimits(tools.Options.FileFrom, tools.Options.RowsPerFile, FullSendEvery: null);
        _files = new MicrosoftAdvertisingFiles(accounts, lists, tools.Upload, new FileSettings(new Uri(tools.Options.BulkAddress), limits, tools.Options, tools.Time));
    }

    public DestinationLimits Limits { get; }

    public IReadOnlyList<string> Attributes { get; }

    public IReadOnlyList<Audience> Audiences { get; }

    public IFileDelivery? Files => _files;

    public string? ThrottledAs { get; }

    public long? MembersAtMost => _tools.Options.MembersPerExport;

    public bool EmptiesGivenUp { get; }

    public string Definition { get; }

    public async Task<Result<IReadOnlyCollection<string>>> PrepareAsync(CancellationToken cancellationToken)
    {
        if (_assignment.EmptyAudiences)
        {
            return Array.Empty<string>();
        }

        var kept = await _tools.Keep.RunAsync(new KeepingJob(_accounts, _files, _assignment, _keys[0]), _keys, cancellationToken);
        if (kept.Refusal is { } refusal)
        {
            return refusal;
        }

        _lists.Set(kept.Value.Lists);
        _files.SendAllEvery(HalfOf(kept.Value.ShortestMembership));
        return kept.Value.MustReplace.ToArray();
    }

    public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload)
    {
        var email = member.Values[0].StringValue.AsSpan().Trim();
        if (email.IsEmpty)
        {
            return MappedMember.Refused(EmailMissing);
        }

        if (!EmailAddress.IsValid(email))
        {
            return MappedMember.Refused(EmailInvalid);
        }

        var hashed = HashedEmail.Of(email);
        Encoding.ASCII.GetBytes(hashed, payload);
        return MappedMember.As(hashed, 0, HashedEmail.Length);
    }

    public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload)
    {
        Encoding.ASCII.GetBytes(key, payload);
        return true;
    }

    public async Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken)
    {
        if (await _lists.FindAsync(batch.Audience, cancellationToken) is not { } list)
        {
            // Where no list was ever made, nobody stands.
            return batch.Kind == DeliveryKind.Removal ? BatchOutcome.AllDelivered : new BatchOutcome(Answer.Misdirected) { Reason = MicrosoftAdvertisingReasons.AudienceMissing };
        }

        BatchOutcome? items = null;
        var reply = await _accounts.CallAsync(
            AudienceKey.Parse(batch.Audience), _apply, MicrosoftAdvertisingWire.Apply(list, batch),
            answer => items = MicrosoftAdvertisingOutcomes.OfItems(answer, batch.Operations.Count, _tools.Time.GetUtcNow()), cancellationToken);
        var outcome = items is null || reply.Fault is not null ? MicrosoftAdvertisingOutcomes.OfFault(reply.Fault ?? Fault.Lost, _tools.Time.GetUtcNow()) : items;

        // Nobody stands in a list that was deleted, and one that is not kept any more is not missed.
        var isGone = outcome.Reason == MicrosoftAdvertisingReasons.AudienceMissing && batch.Kind == DeliveryKind.Removal && !_lists.IsKept(batch.Audience);
        return isGone ? BatchOutcome.AllDelivered : outcome;
    }

    public ValueTask DisposeAsync()
    {
        _accounts.Dispose();
        return ValueTask.CompletedTask;
    }

    // Everybody is sent again when half of the membership is over (D-14): of that which the lists have, whatever was wanted.
    private static TimeSpan? HalfOf(int? days) => days is { } some ? TimeSpan.FromDays(some) / 2 : null;
}
