namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>All lists. The sandbox's gate is held around every use.</summary>
internal sealed class ListStore
{
    private const long FirstId = 819_689_004;
    private readonly SortedDictionary<long, CustomerList> _lists = [];
    private long _last = FirstId - 1;

    public IEnumerable<CustomerList> All => _lists.Values;

    public int Count => _lists.Count;

    public CustomerList Create(AdAccount account, string name, DateTimeOffset now)
    {
        var list = new CustomerList(++_last, account, name, now);
        _lists[list.Id] = list;
        return list;
    }

    public CustomerList? Find(long id) => _lists.GetValueOrDefault(id);

    public CustomerList? Find(long id, AdAccount account) => Find(id) is { } list && list.IsVisibleTo(account) ? list : null;

    public IEnumerable<CustomerList> VisibleTo(AdAccount account) => _lists.Values.Where(l => l.IsVisibleTo(account));

    /// <summary>Names are unique within what an account sees; whether the vendor looks further is not documented.</summary>
    public bool IsTaken(string name, AdAccount account, CustomerList? except) =>
        VisibleTo(account).Any(l => l != except && string.Equals(l.Name, name, StringComparison.OrdinalIgnoreCase));

    public bool Remove(CustomerList list) => _lists.Remove(list.Id);
}
