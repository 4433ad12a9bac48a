using System.Threading.Channels;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// Matching keys of rows that are on their way and not in the ledger yet, so that two rows with one key collapse although
/// the ledger knows neither (BRZ-25).
/// </summary>
internal sealed class PendingKeys
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DeliveryRow> _rows = new(StringComparer.Ordinal);
    private readonly Channel<MemberPage> _settled = Channel.CreateUnbounded<MemberPage>();
    private readonly Stack<MemberPage> _free = [];
    private int _made;

    /// <summary>
    /// A page to fill, or null while too many are on their way, which is what keeps memory flat. Forgets the keys of pages
    /// that have been settled; a ledger query that starts after this call sees their rows.
    /// </summary>
    /// <param name="most">Pages that may be on their way at once.</param>
    public MemberPage? TryRent(int most)
    {
        while (_settled.Reader.TryRead(out var page))
        {
            Forget(page);
        }

        if (_free.Count == 0 && _made < most)
        {
            _made++;
            _free.Push(new MemberPage());
        }

        return _free.TryPop(out var free) ? free : null;
    }

    /// <summary>Waits until a page is given back.</summary>
    public async Task WaitForReturnAsync(CancellationToken cancellationToken) => await _settled.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Gives a page back whose rows are all in the ledger.</summary>
    public void Return(MemberPage page) => _settled.Writer.TryWrite(page);

    /// <summary>Whether no other row on its way has the key.</summary>
    public bool TryClaim(DeliveryRow row)
    {
        lock (_gate)
        {
            if (_rows.TryGetValue(row.Mapped.Key, out var holder) && holder != row && !holder.IsRefused)
            {
                holder.IsShared = true;
                return false;
            }

            _rows[row.Mapped.Key] = row;
            return true;
        }
    }

    /// <summary>The destination refused a row. Tells whether another one was left out in its favour and has to be looked at again.</summary>
    public bool Refuse(DeliveryRow row)
    {
        lock (_gate)
        {
            row.IsRefused = true;
            return row.IsShared;
        }
    }

    private void Forget(MemberPage page)
    {
        lock (_gate)
        {
            foreach (var row in page.Rows)
            {
                if (_rows.TryGetValue(row.Mapped.Key ?? "", out var holder) && holder == row)
                {
                    _rows.Remove(row.Mapped.Key!);
                }
            }
        }

        _free.Push(page);
    }
}
