namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Counts per customer or account in a window that slides with the clock.</summary>
internal sealed class SlidingWindows(TimeSpan length)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Queue<DateTimeOffset>> _taken = [];

    /// <summary>Counts one if there is room; null for no limit.</summary>
    public bool Take(long who, int? limit, DateTimeOffset now)
    {
        if (limit is null)
        {
            return true;
        }

        lock (_gate)
        {
            if (!_taken.TryGetValue(who, out var times))
            {
                _taken[who] = times = [];
            }

            while (times.TryPeek(out var oldest) && oldest + length <= now)
            {
                times.Dequeue();
            }

            if (times.Count >= limit)
            {
                return false;
            }

            times.Enqueue(now);
            return true;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _taken.Clear();
        }
    }
}
