namespace CustomerInsights.Sandbox.Control;

/// <summary>How much the journal keeps of each request.</summary>
public enum JournalMode
{
    /// <summary>Nothing but counters: sequence, time, route, status, counts. For benchmarks.</summary>
    Counts,

    /// <summary>Also the external ids and aliases that each request was about.</summary>
    Ids,

    /// <summary>Also the bodies as they came.</summary>
    Bodies,
}

/// <summary>What the journal keeps of one request.</summary>
internal sealed record JournalEntry(DateTimeOffset Time, string Method, string Route, int Status)
{
    public long Sequence { get; init; }

    public int Attributes { get; init; }

    public int Events { get; init; }

    public int Purchases { get; init; }

    public int Rejected { get; init; }

    public int Bytes { get; init; }

    /// <summary>Whether it took effect.</summary>
    public bool Committed { get; init; }

    /// <summary>Whether the client got its answer, as far as the sandbox was willing to give one.</summary>
    public bool Answered { get; init; } = true;

    /// <summary>The fault that was injected; null for none.</summary>
    public int? Fault { get; init; }

    /// <summary>Whom it was about; see the vendor's folder for the encoding. Null when not kept.</summary>
    public byte[]? Subjects { get; init; }

    /// <summary>The body as it came; null when not kept.</summary>
    public byte[]? Body { get; init; }

    public long Weight => 200 + (Subjects?.Length ?? 0) + (Body?.Length ?? 0);
}

/// <summary>Requests in the order in which they took effect, capped by number and by memory; the oldest go first.</summary>
internal sealed class Journal(int maxEntries, long maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Queue<JournalEntry> _entries = [];
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

    public void Add(JournalEntry entry)
    {
        lock (_gate)
        {
            var numbered = entry with { Sequence = ++_last };
            _entries.Enqueue(numbered);
            _weight += numbered.Weight;
            while (_entries.Count > maxEntries || (_weight > maxBytes && _entries.Count > 1))
            {
                _weight -= _entries.Dequeue().Weight;
            }
        }
    }

    /// <summary>Entries after a sequence, oldest first, and how many before them are gone for want of room.</summary>
    public (IReadOnlyList<JournalEntry> Entries, long Dropped) Read(long after, int limit)
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
