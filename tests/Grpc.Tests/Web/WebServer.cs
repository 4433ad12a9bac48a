using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Tests.Web;

/// <summary>A real server for gRPC-Web, on two free loopback ports.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WebServer(WebApplication application)
    {
        _application = application;
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        (Http1, Http2) = (new Uri(addresses.First()), new Uri(addresses.Last()));
    }

    public Uri Http1 { get; }

    public Uri Http2 { get; }

    /// <summary>What the server has logged as error.</summary>
    public IReadOnlyCollection<string> Errors => _application.Services.GetRequiredService<ErrorLog>().Messages;

    public static Task<WebServer> StartAsync<TService>(CancellationToken cancellationToken, Action<IServiceCollection>? services = null)
        where TService : class => StartAsync(routes => routes.MapGrpcService<TService>(), cancellationToken, services);

    public static async Task<WebServer> StartAsync(
        Action<IEndpointRouteBuilder> map, CancellationToken cancellationToken, Action<IServiceCollection>? services = null, bool enabled = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var errors = new ErrorLog();
        builder.Logging.ClearProviders().AddProvider(errors);
        builder.Services.AddSingleton(errors);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        services?.Invoke(builder.Services);
        var application = builder.Build();
        application.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = enabled });
        map(application);
        await application.StartAsync(cancellationToken);
        return new WebServer(application);
    }

    public static Action<IServiceCollection> Limit(int bytes) => services => services.Configure<GrpcServiceOptions>(options => options.MaxReceiveMessageSize = bytes);

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
