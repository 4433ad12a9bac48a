using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Reading;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Maps the members of a page, compares them with the ledger, and finds out who holds each key.</summary>
internal sealed class PreparePage(AudienceWork work, PassPlan plan, LedgerStore ledger, PendingKeys pending)
{
    private static readonly MappingRefusal TooLarge = new(Reasons.RowTooLarge, WantsAddress: false);

    private readonly List<DeliveryRow> _claimants = [];

    public async Task RunAsync(MemberPage page, ReadPage read, CancellationToken cancellationToken)
    {
        page.Leavers.AddRange(read.Leavers);
        _claimants.Clear();
        foreach (var member in read.Members)
        {
            var row = page.Add(member.CustomerId, member.SegmentBits);
            row.Known = read.Known.GetValueOrDefault(member.CustomerId);
            Map(row, member);
            row.Verdict = RowVerdict.Of(row.Known, row.Mapped, row.Hash, work.Run.RunId, plan.Sent);
            if (row.Verdict is { Need: Need.Send, ClaimsKey: true })
            {
                _claimants.Add(row);
            }
        }

        await FindHoldersAsync(cancellationToken);
        page.Unsettled = plan.WritesDown ? 0 : page.Rows.Count(row => row.Verdict.Need == Need.Send);
    }

    private void Map(DeliveryRow row, Contracts.Segments.V1.Member member)
    {
        var payload = row.Page.Payload;
        row.Offset = payload.Length;
        row.Mapped = work.Run.Session.Map(work.Audience.Key, member, row.Known?.Sent, payload);
        row.Length = payload.Length - row.Offset;
        if (row.Mapped.Refusal is null && row.Length > work.Run.Session.Limits.RowBytes)
        {
            row.Mapped = MappedMember.Refused(TooLarge);
        }

        if (row.Mapped.Refusal is not null)
        {
            payload.Truncate(row.Offset);
            row.Length = 0;
            return;
        }

        row.Hash = Fingerprint.Of(payload.Slice(row.Offset, row.Mapped.ComparedBytes).Span);
    }

    // A key belongs to whoever is delivered under it, or else to the first of those on their way.
    private async Task FindHoldersAsync(CancellationToken cancellationToken)
    {
        if (_claimants.Count == 0)
        {
            return;
        }

        var hashes = _claimants.Select(row => Fingerprint.OfKey(row.Mapped.Key)).Distinct().ToList();
        var holders = (await ledger.ReadHoldersAsync(work.AudienceId, hashes, cancellationToken)).ToLookup(h => h.Key, h => h.CustomerId, StringComparer.Ordinal);
        foreach (var row in _claimants)
        {
            if (holders[row.Mapped.Key].Any(customer => customer != row.CustomerId) || !pending.TryClaim(row))
            {
                row.Verdict = new RowVerdict(Need.RecordDuplicate, RowClass.Duplicate);
            }
        }
    }
}
