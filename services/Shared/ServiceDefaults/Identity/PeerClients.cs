using CustomerInsights.ServiceDefaults.Sidecar;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Clients of other processes of this system: one channel for each process, with this process's identity on every call.</summary>
internal static class PeerClients
{
    public static void Add<TClient>(IServiceCollection services, string appId)
        where TClient : ClientBase<TClient>
    {
        services.AddOptions<PeerAddress>(appId)
            .Configure<IConfiguration>((peer, configuration) => peer.Address = configuration[$"Services:{appId}"])
            .Validate(peer => peer.IsValid, $"Services:{appId} must be the gRPC address of {appId}, such as http://127.0.0.1:5103, dns:///{appId}:5103 for several replicas, or dapr:///{appId} to go through the sidecar.")
            .ValidateOnStart();
        services.TryAddSingleton<PeerCalls>();
        services.TryAddKeyedSingleton(appId, (container, _) =>
            container.GetRequiredService<IOptionsMonitor<PeerAddress>>().Get(appId).Connect(container.GetRequiredService<SidecarOptions>()));
        services.TryAddKeyedSingleton(appId, (container, _) => container.GetRequiredService<IOptionsMonitor<PeerAddress>>().Get(appId)
            .Invoke(container.GetRequiredKeyedService<GrpcChannel>(appId), container.GetRequiredService<SidecarOptions>()));
        services.TryAddSingleton(container => (TClient)Activator.CreateInstance(
            typeof(TClient), container.GetRequiredKeyedService<CallInvoker>(appId).Intercept(container.GetRequiredService<PeerCalls>()))!);
    }
}

/// <summary>Where a process of this system listens for gRPC: at an address, behind a name, or behind the sidecar.</summary>
internal sealed class PeerAddress
{
    public string? Address { get; set; }

    public bool IsValid => Uri.TryCreate(Address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps
            || ((IsName(uri) || IsApp(uri)) && uri.Host.Length == 0 && Uri.TryCreate($"http:/{uri.AbsolutePath}", UriKind.Absolute, out var http) && (IsName(uri) || http.PathAndQuery == "/")));

    public GrpcChannel Connect(SidecarOptions sidecar)
    {
        var uri = new Uri(Address!);
        if (IsApp(uri))
        {
            return GrpcChannel.ForAddress(sidecar.Grpc, new GrpcChannelOptions { ServiceConfig = PeerRetries.Config() });
        }

        // Replicas are called inside a cluster; TLS to them is the business of its mesh.
        return GrpcChannel.ForAddress(uri, new GrpcChannelOptions { ServiceConfig = PeerRetries.Config(), Credentials = IsName(uri) ? ChannelCredentials.Insecure : null });
    }

    /// <summary>What calls on the channel go through.</summary>
    public CallInvoker Invoke(GrpcChannel channel, SidecarOptions sidecar) => new Uri(Address!) is var uri && IsApp(uri)
        ? channel.Intercept(new SidecarCalls(uri.AbsolutePath.Trim('/'), sidecar.ApiToken))
        : channel.CreateCallInvoker();

    private static bool IsApp(Uri uri) => uri.Scheme == "dapr";

    private static bool IsName(Uri uri) => uri.Scheme == "dns";
}
