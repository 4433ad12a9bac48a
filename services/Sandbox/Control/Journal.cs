namespace CustomerInsights.Sandbox.Control;

/// <summary>How much the journal keeps of each request.</summary>
public enum JournalMode
{
    /// <summary>Nothing but counters: sequence, time, route, status, counts. For benchmarks.</summary>
    Counts,

    /// <summary>Also whom each request was about: external ids, aliases, hashes.</summary>
    Ids,

    /// <summary>Also the bodies as they came.</summary>
    Bodies,
}

/// <summary>Requests in the order in which they took effect, capped by number and by memory; the oldest go first.</summary>
/// <typeparam name="TEntry">What a vendor's stand-in keeps of a request.</typeparam>
/// <param name="weigh">Bytes of memory that an entry takes, about.</param>
internal sealed class Journal<TEntry>(int maxEntries, long maxBytes, Func<TEntry, long> weigh)
{
    private readonly Lock _gate = new();
    private readonly Queue<Numbered<TEntry>> _entries = [];
    private long _last;
    private long _weight;

    /// <summary>Sequence of the newest entry ever; 0 before the first.</summary>
    public long Last
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    public void Add(TEntry entry)
    {
        lock (_gate)
        {
            _entries.Enqueue(new Numbered<TEntry>(++_last, entry));
            _weight += weigh(entry);
            while (_entries.Count > maxEntries || (_weight > maxBytes && _entries.Count > 1))
            {
                _weight -= weigh(_entries.Dequeue().Entry);
            }
        }
    }

    /// <summary>Entries after a sequence, oldest first, and how many before them are gone for want of room.</summary>
    public (IReadOnlyList<Numbered<TEntry>> Entries, long Dropped) Read(long after, int limit)
    {
        lock (_gate)
        {
            var first = _last - _entries.Count;
            var entries = _entries.Skip((int)Math.Clamp(after - first, 0, int.MaxValue)).Take(limit).ToList();
            return (entries, Math.Max(0, first - after));
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _weight = 0;
        }
    }
}

/// <summary>An entry and its place in the order of effect; the first has 1.</summary>
internal readonly record struct Numbered<TEntry>(long Sequence, TEntry Entry);
