using System.Collections.Concurrent;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>The whole stand-in of Braze: keys and the workspaces they open.</summary>
internal sealed class BrazeSandbox(ulong seed, TimeProvider time)
{
    public const string MainWorkspace = "main";
    private readonly ConcurrentDictionary<string, BrazeKey> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BrazeWorkspace> _workspaces = new(StringComparer.Ordinal);

    public TimeProvider Time => time;

    public IEnumerable<BrazeKey> Keys => _keys.Values.OrderBy(k => k.Key, StringComparer.Ordinal);

    public void Allow(BrazeKey key) => _keys[key.Key] = key;

    public bool Revoke(string key) => _keys.TryRemove(key, out _);

    public BrazeKey? Find(string key) => _keys.GetValueOrDefault(key);

    public BrazeWorkspace Workspace(string name) => _workspaces.GetOrAdd(name, static (n, s) => new BrazeWorkspace(n, s), seed);
}
