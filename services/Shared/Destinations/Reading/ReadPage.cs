using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Reading;

/// <summary>Members that were read together, with what the ledger knows of them.</summary>
/// <param name="Members">Up to 1,000, in the byte order of their ids.</param>
/// <param name="Known">Rows of the ledger, by customer id.</param>
/// <param name="Leavers">Customers that are members no longer.</param>
internal sealed record ReadPage(IReadOnlyList<Member> Members, IReadOnlyDictionary<string, LedgerRow> Known, IReadOnlyList<string> Leavers)
{
    public static IReadOnlyDictionary<string, LedgerRow> NothingKnown { get; } = new Dictionary<string, LedgerRow>();
}
