using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Tests;

/// <summary>A real server on a free loopback port, and a channel to it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TestServer(WebApplication application, GrpcChannelOptions options)
    {
        _application = application;
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Address = new Uri(addresses.First());
        Channel = GrpcChannel.ForAddress(Address, options);
    }

    public Uri Address { get; }

    public GrpcChannel Channel { get; }

    public IServiceProvider Services => _application.Services;

    /// <summary>What the server has logged as error.</summary>
    public IReadOnlyCollection<string> Errors => _application.Services.GetRequiredService<ErrorLog>().Messages;

    public static Task<TestServer> StartAsync<TService>(
        Action<GrpcServiceOptions>? configure = null, Action<IServiceCollection>? services = null, GrpcChannelOptions? channel = null)
        where TService : class => StartAsync(routes => routes.MapGrpcService<TService>(), configure, services, channel);

    public static async Task<TestServer> StartAsync(
        Action<IEndpointRouteBuilder> map, Action<GrpcServiceOptions>? configure = null, Action<IServiceCollection>? services = null, GrpcChannelOptions? channel = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var errors = new ErrorLog();
        builder.Logging.ClearProviders().AddProvider(errors);
        builder.Services.AddSingleton(errors);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(options => configure?.Invoke(options));
        services?.Invoke(builder.Services);
        var application = builder.Build();
        map(application);
        await application.StartAsync();
        return new TestServer(application, channel ?? new GrpcChannelOptions());
    }

    public Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _application.DisposeAsync();
    }
}
