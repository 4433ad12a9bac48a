using System.Diagnostics.CodeAnalysis;

namespace CustomerInsights.Sandbox.Braze.Storing;

/// <summary>
/// All users of a workspace, in memory. Not safe for several threads by itself: the workspace's lock is held around
/// every use.
/// </summary>
internal sealed class UserStore(ulong seed)
{
    private const int BrazeIdLength = 24;
    private readonly Dictionary<byte[], User> _users = new(ByteKeys.Instance);
    private readonly List<User?> _bySequence = [];
    private readonly Dictionary<User, List<Earlier>> _earlier = [];
    private User[]? _sorted;
    private long _writes;

    public AttributeNames Names { get; } = new();

    public int Count => _users.Count;

    public User? Find(ReadOnlySpan<byte> key) => _users.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var user) ? user : null;

    public User Create(byte[] key)
    {
        var user = new User(key, _bySequence.Count);
        _bySequence.Add(user);
        _users.Add(key, user);
        _sorted = null;
        return user;
    }

    public User CreateNameless() => Create(UserKey.OfNameless(_bySequence.Count));

    public bool Remove(User user)
    {
        _bySequence[user.Sequence] = null;
        _earlier.Remove(user);
        _sorted = null;
        return _users.Remove(user.Key);
    }

    /// <summary>Records a write. Readers that see the world late get the state before it until <paramref name="visibleAt"/>.</summary>
    public void Replace(User user, byte[] attributes, bool isNew, DateTimeOffset now, DateTimeOffset visibleAt)
    {
        if (visibleAt > now)
        {
            var list = _earlier.TryGetValue(user, out var existing) ? existing : _earlier[user] = [];
            list.RemoveAll(e => e.Until <= now);
            list.Add(new Earlier(visibleAt, isNew ? null : user.Attributes));
        }

        user.Attributes = attributes;
        user.LastWrite = ++_writes;
    }

    /// <summary>What the vendor's own reads show at this time; null while the user is not visible yet.</summary>
    public byte[]? VisibleAttributes(User user, DateTimeOffset now)
    {
        if (!_earlier.TryGetValue(user, out var list))
        {
            return user.Attributes;
        }

        foreach (var earlier in list)
        {
            if (earlier.Until > now)
            {
                return earlier.Attributes;
            }
        }

        _earlier.Remove(user);
        return user.Attributes;
    }

    /// <summary>All users in the order of their keys. The array is kept until somebody joins or goes.</summary>
    public User[] Sorted()
    {
        if (_sorted is null)
        {
            var sorted = _users.Values.ToArray();
            Array.Sort(sorted, static (x, y) => ByteKeys.Instance.Compare(x.Key, y.Key));
            _sorted = sorted;
        }

        return _sorted;
    }

    /// <summary>
    /// The user an e-mail address or phone number stands for: the one written last among those with an external id,
    /// else the one written last. Walks over all users, which is good enough for a stand-in.
    /// </summary>
    public User? FindByValue(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value)
    {
        if (Names.Find(attribute) is not { } id)
        {
            return null;
        }

        User? best = null;
        foreach (var user in _users.Values)
        {
            if (new AttributeBlob(user.Attributes).Find(id).SequenceEqual(value) && (best is null || Rank(user) > Rank(best)))
            {
                best = user;
            }
        }

        return best;

        static long Rank(User user) => user.Key[0] == UserKey.ExternalId ? user.LastWrite + (long.MaxValue / 2) : user.LastWrite;
    }

    /// <summary>The made-up Braze id: 24 hexadecimal digits of seed and sequence.</summary>
    public string BrazeIdOf(User user) => $"{(uint)seed:x8}{user.Sequence:x16}";

    public bool TryFindBrazeId(string brazeId, [NotNullWhen(true)] out User? user)
    {
        user = null;
        if (brazeId.Length == BrazeIdLength
            && brazeId.StartsWith($"{(uint)seed:x8}", StringComparison.Ordinal)
            && ulong.TryParse(brazeId.AsSpan(8), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var sequence)
            && sequence < (ulong)_bySequence.Count)
        {
            user = _bySequence[(int)sequence];
        }

        return user is not null;
    }

    private readonly record struct Earlier(DateTimeOffset Until, byte[]? Attributes);
}
