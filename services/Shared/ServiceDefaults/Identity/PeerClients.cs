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
            .Validate(peer => peer.IsValid, $"Services:{appId} must be the gRPC address of {appId}, such as http://127.0.0.1:5103, or dns:///{appId}:5103 for several replicas.")
            .ValidateOnStart();
        services.TryAddSingleton<PeerCalls>();
        services.TryAddKeyedSingleton(appId, (container, _) =>
            container.GetRequiredService<IOptionsMonitor<PeerAddress>>().Get(appId).Connect());
        services.TryAddSingleton(container => (TClient)Activator.CreateInstance(
            typeof(TClient), container.GetRequiredKeyedService<GrpcChannel>(appId).Intercept(container.GetRequiredService<PeerCalls>()))!);
    }
}

/// <summary>Where a process of this system listens for gRPC.</summary>
internal sealed class PeerAddress
{
    public string? Address { get; set; }

    public bool IsValid => Uri.TryCreate(Address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps || (IsName(uri) && uri.Host.Length == 0 && Uri.TryCreate($"http:/{uri.AbsolutePath}", UriKind.Absolute, out _)));

    public GrpcChannel Connect()
    {
        var uri = new Uri(Address!);

        // Replicas are called inside a cluster; TLS to them is the business of its mesh.
        return GrpcChannel.ForAddress(uri, new GrpcChannelOptions { ServiceConfig = PeerRetries.Config(), Credentials = IsName(uri) ? ChannelCredentials.Insecure : null });
    }

    private static bool IsName(Uri uri) => uri.Scheme == "dns";
}
