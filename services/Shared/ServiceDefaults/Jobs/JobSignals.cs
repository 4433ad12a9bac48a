using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Wakes the loops of a process.</summary>
internal sealed class JobSignals
{
    private readonly ConcurrentDictionary<string, WakeSignal> _signals = new();

    public WakeSignal Of(string kind) => _signals.GetOrAdd(kind, static _ => new WakeSignal());

    /// <summary>A group is free again; which kind waits for it is not known here.</summary>
    public void SetAll()
    {
        foreach (var signal in _signals.Values)
        {
            signal.Set();
        }
    }
}
