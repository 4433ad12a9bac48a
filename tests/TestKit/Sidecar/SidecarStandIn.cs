using System.Net;
using CustomerInsights.TestKit.Sidecar.Brokers;
using CustomerInsights.TestKit.Sidecar.Delivering;
using CustomerInsights.TestKit.Sidecar.Proxying;
using CustomerInsights.TestKit.Sidecar.Publishing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.TestKit.Sidecar;

/// <summary>Stands in for the Dapr sidecar of one app: what an app can see of one, and the quirks that break apps in production.</summary>
public sealed class SidecarStandIn : IRunningSidecar
{
    private const int MaxHeaderBytes = 4 * 1024;

    private readonly SidecarOptions _options;
    private readonly Dictionary<string, IPubSub> _pubSubs;
    private readonly SubscribedTopics? _topics;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _web;
    private Task _following = Task.CompletedTask;
    private Task? _stopped;

    private SidecarStandIn(SidecarOptions options)
    {
        _options = options;
        _pubSubs = options.Components.ToDictionary(component => component.Name, component => (IPubSub)PubSubOf(component, options));
        App = options.AppAddress is { } address ? new AppChannel(options, address) : null;
        _topics = App is null ? null : new SubscribedTopics(options, App, _pubSubs);
        _web = Compose();
    }

    public string AppId => _options.AppId;

    public Uri HttpAddress { get; private set; } = null!;

    public Uri GrpcAddress { get; private set; } = null!;

    /// <summary>What it takes events of right now.</summary>
    public IReadOnlyList<SidecarSubscription> Subscriptions => _topics?.Active ?? [];

    internal string? AppToken => _options.AppToken;

    internal AppChannel? App { get; }

    /// <summary>Whether components are there, so that the app can publish and call.</summary>
    internal bool IsOutboundReady { get; private set; }

    /// <summary>Whether the app's port was found as well.</summary>
    internal bool IsReady { get; private set; }

    /// <summary>Starts it; the app may come later. Throws when a component has no broker, as a sidecar then ends at once.</summary>
    public static async Task<SidecarStandIn> StartAsync(SidecarOptions options, CancellationToken cancellationToken = default)
    {
        var sidecar = new SidecarStandIn(options);
        try
        {
            await sidecar.StartAsync(cancellationToken);
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    /// <summary>As on SIGTERM: takes no more events, waits for those under way, goes. What is not done comes again elsewhere.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => (_stopped ??= StopAsync(_options.DrainTimeout)).WaitAsync(cancellationToken);

    /// <summary>As on SIGKILL: what is under way is cut off.</summary>
    public Task KillAsync(CancellationToken cancellationToken = default) => (_stopped ??= StopAsync(TimeSpan.Zero)).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _web.DisposeAsync();
        _stopping.Dispose();
    }

    internal void BeginStop() => _stopped ??= StopAsync(_options.DrainTimeout);

    private static FaultyPubSub PubSubOf(SidecarComponent component, SidecarOptions options) => new(
        component.Type switch
        {
            SidecarComponent.InMemory => new InMemoryPubSub(component, options.AppId, options.Network.BrokerOf(component.Name)),
            SidecarComponent.RabbitMq => new RabbitMqPubSub(component, options.AppId, options.Time),
            _ => throw new NotSupportedException($"The stand-in has no component {component.Type}."),
        },
        component.Faults,
        options.Time);

    private WebApplication Compose()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = 2 * MaxHeaderBytes;
            kestrel.Listen(IPAddress.Loopback, _options.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, _options.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        var api = new SidecarApi(this, _options, new PublishApi(_options, _pubSubs));
        var proxy = new ProxyEndpoint(_options);
        web.UseWhen(http => http.Request.Protocol == HttpProtocol.Http2, calls => calls.Run(proxy.HandleAsync));
        web.Use(next => http => api.CheckTokenAsync(http, next));
        web.UseRouting();
        api.Map(web);
        return web;
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var pubSub in _pubSubs.Values)
        {
            await pubSub.ConnectAsync(cancellationToken);
        }

        await _web.StartAsync(cancellationToken);
        var addresses = _web.Urls.Select(url => new Uri(url)).ToList();
        (HttpAddress, GrpcAddress) = (addresses[0], addresses[1]);
        _options.Network.Enter(this);
        IsOutboundReady = true;
        IsReady = App is null;
        _following = FollowAppAsync();
    }

    private async Task FollowAppAsync()
    {
        if (App is null)
        {
            return;
        }

        await App.WaitForPortAsync(_stopping.Token);
        IsReady = true;
        await App.WatchAsync(isHealthy => isHealthy ? _topics!.BeginAsync(_stopping.Token) : _topics!.EndAsync(_options.DrainTimeout), _stopping.Token);
    }

    private async Task StopAsync(TimeSpan drain)
    {
        IsReady = false;
        IsOutboundReady = false;
        _options.Network.Leave(this);
        await _stopping.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_topics is not null)
        {
            await _topics.EndAsync(drain);
        }

        using var patience = new CancellationTokenSource(drain);
        await _web.StopAsync(patience.Token);
        foreach (var pubSub in _pubSubs.Values)
        {
            await pubSub.DisposeAsync();
        }

        App?.Dispose();
    }
}
