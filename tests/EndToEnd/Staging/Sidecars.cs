using System.Globalization;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.TestKit.Sidecar;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>
/// Dapr sidecars beside processes of a topology, there before they are, as in a pod. Their events go over the topology's RabbitMQ, by a
/// component as the charts have it; calls between two that have sidecars go through these.
/// </summary>
internal sealed class Sidecars : IAsyncDisposable
{
    private readonly Dictionary<string, int> _ports = [];
    private readonly Dictionary<string, IRunningSidecar> _running = [];
    private readonly SidecarNetwork _network = new();
    private readonly SidecarComponent _component;

    private Sidecars(Uri broker) => _component = new SidecarComponent
    {
        Type = SidecarComponent.RabbitMq,
        Metadata = new Dictionary<string, string>
        {
            ["connectionString"] = broker.AbsoluteUri, ["durable"] = "true", ["deletedWhenUnused"] = "false", ["deliveryMode"] = "2",
            ["publisherConfirm"] = "true", ["prefetchCount"] = "20", ["requeueInFailure"] = "false",
        },
    };

    /// <summary>What goes wrong between all of them and the broker.</summary>
    public BrokerFaults Faults => _component.Faults;

    /// <param name="appIds">Those that have one.</param>
    /// <param name="broker">Whose virtual host is the topology's.</param>
    public static async Task<Sidecars> StartAsync(IEnumerable<string> appIds, Uri broker, CancellationToken cancellationToken)
    {
        var sidecars = new Sidecars(broker);
        try
        {
            foreach (var appId in appIds)
            {
                await sidecars.StartAsync(appId, cancellationToken);
            }

            return sidecars;
        }
        catch
        {
            await sidecars.DisposeAsync();
            throw;
        }
    }

    /// <summary>The port for a name such as "segments/grpc": known before the process is there.</summary>
    public int Port(string name) => _ports.TryGetValue(name, out var port) ? port : _ports[name] = FreePorts.Next();

    /// <summary>What a process is told of its sidecar, and of those of others; nothing when it has none.</summary>
    public IReadOnlyDictionary<string, string> SettingsOf(string appId)
    {
        var settings = new Dictionary<string, string>();
        if (_running.ContainsKey(appId))
        {
            settings["Events:Transport"] = "Dapr";
            settings["DAPR_HTTP_PORT"] = Port($"{appId}/sidecar-http").ToString(CultureInfo.InvariantCulture);
            settings["DAPR_GRPC_PORT"] = Port($"{appId}/sidecar-grpc").ToString(CultureInfo.InvariantCulture);
            settings["DAPR_API_TOKEN"] = $"api of {appId}";
            settings["APP_API_TOKEN"] = $"app of {appId}";
            foreach (var other in _running.Keys)
            {
                settings[$"Services:{other}"] = $"dapr:///{other}";
            }
        }

        return settings;
    }

    /// <summary>Ends a sidecar as a power cut would, and starts it again.</summary>
    public async Task RestartAsync(string appId, CancellationToken cancellationToken)
    {
        await _running[appId].KillAsync(cancellationToken);
        await _running[appId].DisposeAsync();
        await StartAsync(appId, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _running.Values)
        {
            await sidecar.DisposeAsync();
        }
    }

    private async Task StartAsync(string appId, CancellationToken cancellationToken) => _running[appId] = await RunningSidecar.StartAsync(
        new SidecarOptions
        {
            AppId = appId,
            Network = _network,
            AppAddress = new Uri($"http://127.0.0.1:{Port($"{appId}/grpc")}"),
            HttpPort = Port($"{appId}/sidecar-http"),
            GrpcPort = Port($"{appId}/sidecar-grpc"),
            ApiToken = $"api of {appId}",
            AppToken = $"app of {appId}",
            Components = [_component],
            AppHealth = new AppHealthCheck { Interval = TimeSpan.FromSeconds(1) },
            Inbound = new ResiliencyPolicy { Retry = new RetryPolicy { Duration = TimeSpan.FromSeconds(1), MaxRetries = RetryPolicy.Forever } },
        },
        cancellationToken);
}
