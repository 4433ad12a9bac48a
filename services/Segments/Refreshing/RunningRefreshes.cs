using System.Collections.Concurrent;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>
/// The refreshes at work in this process, so that a person can stop one at once. On SQLite that is the only way: the
/// statement to be stopped holds the right to write, so the wish could not even be stored.
/// </summary>
internal sealed class RunningRefreshes
{
    private readonly ConcurrentDictionary<RefreshName, CancellationTokenSource> _running = [];

    /// <summary>Registers a refresh until the returned value is disposed of.</summary>
    public IDisposable Enter(RefreshName name, CancellationTokenSource stop)
    {
        _running[name] = stop;
        return new Entry(this, name, stop);
    }

    /// <summary>Stops the refresh if it is at work here.</summary>
    public void Stop(RefreshName name)
    {
        if (_running.TryGetValue(name, out var stop))
        {
            // The entry may be leaving at this moment; it disposes of the source under the same lock.
            lock (stop)
            {
                if (_running.ContainsKey(name))
                {
                    stop.Cancel();
                }
            }
        }
    }

    private sealed class Entry(RunningRefreshes all, RefreshName name, CancellationTokenSource stop) : IDisposable
    {
        public void Dispose()
        {
            lock (stop)
            {
                all._running.TryRemove(KeyValuePair.Create(name, stop));
            }
        }
    }
}
