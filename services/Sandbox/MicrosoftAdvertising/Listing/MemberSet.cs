namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>Who is in a list, and since when: 48 bytes a member. Members older than the duration of the list drop out by the clock.</summary>
internal sealed class MemberSet
{
    private const uint SecondsPerDay = 86_400;

    // Seconds since 1970, when the member was last added.
    private readonly Dictionary<HashedAddress, uint> _added = [];
    private uint _oldest = uint.MaxValue;

    /// <summary>Adds, or renews.</summary>
    public void Add(HashedAddress hash, DateTimeOffset now)
    {
        var seconds = (uint)now.ToUnixTimeSeconds();
        _oldest = Math.Min(_oldest, seconds);
        _added[hash] = seconds;
    }

    public void Remove(HashedAddress hash) => _added.Remove(hash);

    /// <summary>Forgets everybody, and makes room for those to come.</summary>
    public void Clear(int room)
    {
        _added.Clear();
        _added.TrimExcess(0);
        _added.EnsureCapacity(room);
        _oldest = uint.MaxValue;
    }

    /// <param name="days">After which a member drops out; null for never.</param>
    public int Count(int? days, DateTimeOffset now)
    {
        Expire(days, now);
        return _added.Count;
    }

    /// <summary>All members, in order of their hashes.</summary>
    public HashedAddress[] Sorted(int? days, DateTimeOffset now)
    {
        Expire(days, now);
        var members = new HashedAddress[_added.Count];
        _added.Keys.CopyTo(members, 0);
        Array.Sort(members);
        return members;
    }

    private void Expire(int? days, DateTimeOffset now)
    {
        if (days is null)
        {
            return;
        }

        // Whoever was added at this second or before is gone.
        var last = now.ToUnixTimeSeconds() - (days.Value * SecondsPerDay);
        if (_oldest > last)
        {
            return;
        }

        _oldest = uint.MaxValue;
        foreach (var (hash, added) in _added)
        {
            if (added <= last)
            {
                _added.Remove(hash);
            }
            else
            {
                _oldest = Math.Min(_oldest, added);
            }
        }
    }
}
