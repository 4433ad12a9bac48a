using System.Runtime.CompilerServices;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Reading;

/// <summary>
/// Reads all members beside the ledger, both in the byte order of customer ids: whom the ledger knows and the stream does
/// not name has left. Memory does not depend on the size of either.
/// </summary>
internal sealed class ReadAllMembers(LedgerStore ledger, long audienceId, MembershipStream stream)
{
    private const int LedgerRowsAtOnce = 5_000;

    /// <param name="startAfter">Everything up to this id is settled.</param>
    /// <param name="ledgerIsEmpty">There is nothing to compare with.</param>
    public async IAsyncEnumerable<ReadPage> RunAsync(string startAfter, bool ledgerIsEmpty, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = startAfter;
        await foreach (var page in stream.ReadAsync(cancellationToken))
        {
            if (page.Members.Count == 0)
            {
                continue;
            }

            if (ledgerIsEmpty)
            {
                yield return new ReadPage(page.Members, ReadPage.NothingKnown, []);
                continue;
            }

            var members = page.Members.Select(member => member.CustomerId).ToHashSet(StringComparer.Ordinal);
            var known = new Dictionary<string, LedgerRow>(StringComparer.Ordinal);
            var last = page.Members[^1].CustomerId;
            await foreach (var leavers in FindLeaversAsync(after, last, members, known, cancellationToken))
            {
                yield return new ReadPage([], ReadPage.NothingKnown, leavers);
            }

            yield return new ReadPage(page.Members, known, []);
            after = last;
        }

        if (!ledgerIsEmpty)
        {
            await foreach (var leavers in FindLeaversAsync(after, null, [], [], cancellationToken))
            {
                yield return new ReadPage([], ReadPage.NothingKnown, leavers);
            }
        }
    }

    // Yields leavers in portions and collects the rows of members.
    private async IAsyncEnumerable<IReadOnlyList<string>> FindLeaversAsync(
        string after, string? through, HashSet<string> members, Dictionary<string, LedgerRow> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<LedgerRow> rows;
        do
        {
            rows = await ledger.ReadRangeAsync(audienceId, after, through, LedgerRowsAtOnce, cancellationToken);
            var leavers = new List<string>();
            foreach (var row in rows)
            {
                if (members.Contains(row.CustomerId))
                {
                    known.Add(row.CustomerId, row);
                }
                else if (row.State != LedgerState.Removed)
                {
                    leavers.Add(row.CustomerId);
                }
            }

            if (leavers.Count > 0)
            {
                yield return leavers;
            }

            after = rows.Count > 0 ? rows[^1].CustomerId : after;
        }
        while (rows.Count == LedgerRowsAtOnce);
    }
}
