using System.Runtime.CompilerServices;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Reading;

/// <summary>Reads what changed since the last run, with what the ledger knows of these customers: cost follows the number of changes.</summary>
internal sealed class ReadChanges(LedgerStore ledger, long audienceId, MembershipStream stream)
{
    public async IAsyncEnumerable<ReadPage> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in stream.ReadAsync(cancellationToken))
        {
            if (page.Members.Count > 0)
            {
                var rows = await ledger.ReadAsync(audienceId, [.. page.Members.Select(member => member.CustomerId)], cancellationToken);
                yield return new ReadPage(page.Members, rows.ToDictionary(row => row.CustomerId, StringComparer.Ordinal), []);
            }

            if (page.RemovedCustomerIds.Count > 0)
            {
                yield return new ReadPage([], ReadPage.NothingKnown, page.RemovedCustomerIds);
            }
        }
    }
}
