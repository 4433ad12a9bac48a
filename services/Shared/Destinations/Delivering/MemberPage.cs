using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>One member on its way from the stream to the ledger. Reused from page to page.</summary>
internal sealed class DeliveryRow(MemberPage page)
{
    public MemberPage Page => page;

    public string CustomerId { get; set; } = "";

    public ulong SegmentBits { get; set; }

    /// <summary>What the ledger knew before.</summary>
    public LedgerRow? Known { get; set; }

    public MappedMember Mapped { get; set; }

    public Fingerprint Hash { get; set; }

    public int Offset { get; set; }

    public int Length { get; set; }

    public RowVerdict Verdict { get; set; }

    /// <summary>A row that came later shares its key and was left out because of it.</summary>
    public bool IsShared { get; set; }

    /// <summary>The destination refused it.</summary>
    public bool IsRefused { get; set; }

    public DeliveryOperation Operation => new(Mapped.Key, page.Payload.Slice(Offset, Length));

    public void Reset(string customerId, ulong segmentBits)
    {
        (CustomerId, SegmentBits, Known, Mapped, Hash) = (customerId, segmentBits, null, default, default);
        (Offset, Length, Verdict, IsShared, IsRefused) = (0, 0, default, false, false);
    }
}

/// <summary>Up to 1,000 members that were read together, and what they were mapped to.</summary>
internal sealed class MemberPage
{
    private readonly List<DeliveryRow> _rows = [];

    public PayloadBuffer Payload { get; } = new();

    /// <summary>Its place in the stream, from 0.</summary>
    public long Number { get; private set; }

    public int Count { get; private set; }

    /// <summary>Customers that the ledger knows and that are members no longer.</summary>
    public List<string> Leavers { get; } = [];

    /// <summary>Rows without a final place in the ledger. Only the settler touches it once the page is prepared.</summary>
    public int Unsettled { get; set; }

    public IEnumerable<DeliveryRow> Rows => _rows.Take(Count);

    public DeliveryRow this[int index] => _rows[index];

    public void Begin(long number)
    {
        (Number, Count, Unsettled) = (number, 0, 0);
        Payload.Clear();
        Leavers.Clear();
    }

    public DeliveryRow Add(string customerId, ulong segmentBits)
    {
        if (Count == _rows.Count)
        {
            _rows.Add(new DeliveryRow(this));
        }

        var row = _rows[Count++];
        row.Reset(customerId, segmentBits);
        return row;
    }
}
