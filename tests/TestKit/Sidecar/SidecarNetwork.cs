using System.Collections.Concurrent;
using CustomerInsights.TestKit.Sidecar.Brokers;

namespace CustomerInsights.TestKit.Sidecar;

/// <summary>What sidecars have in common: who there is, and what in-memory components hold.</summary>
public sealed class SidecarNetwork
{
    private readonly ConcurrentDictionary<string, SidecarStandIn> _sidecars = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, InMemoryBroker> _brokers = new(StringComparer.Ordinal);
    private readonly Lazy<string> _folder = new(() => Directory.CreateTempSubdirectory("sidecars").FullName);

    /// <summary>Where processes of one network meet; made when somebody asks.</summary>
    internal string Folder => _folder.Value;

    /// <summary>How many messages wait in a queue of an in-memory component.</summary>
    public int Waiting(string component, string queue) => BrokerOf(component).Waiting(queue);

    /// <summary>The last one that came counts, as a new pod replaces one that still goes.</summary>
    internal void Enter(SidecarStandIn sidecar) => _sidecars[sidecar.AppId] = sidecar;

    internal void Leave(SidecarStandIn sidecar) => _sidecars.TryRemove(KeyValuePair.Create(sidecar.AppId, sidecar));

    /// <param name="appId">With or without namespace.</param>
    internal SidecarStandIn? Find(string appId) => _sidecars.GetValueOrDefault(appId.Split('.')[0]);

    internal InMemoryBroker BrokerOf(string component) => _brokers.GetOrAdd(component, _ => new InMemoryBroker());
}
