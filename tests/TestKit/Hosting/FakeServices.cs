using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.TestKit.Hosting;

/// <summary>Hand-written answers of other services behind a real port of their own, without a door: they see every call.</summary>
public sealed class FakeServices : IAsyncDisposable
{
    private static readonly MethodInfo MapMethod = typeof(GrpcEndpointRouteBuilderExtensions)
        .GetMethod(nameof(GrpcEndpointRouteBuilderExtensions.MapGrpcService), BindingFlags.Public | BindingFlags.Static)!;

    private readonly WebApplication _web;

    private FakeServices(WebApplication web) => _web = web;

    /// <summary>Such as "http://127.0.0.1:40123".</summary>
    public string Address => _web.Urls.Single();

    public static async Task<FakeServices> StartAsync(IReadOnlyList<object> fakes, ILoggerProvider logs, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        foreach (var fake in fakes)
        {
            builder.Services.AddSingleton(fake.GetType(), fake);
        }

        var web = builder.Build();
        foreach (var fake in fakes)
        {
            MapMethod.MakeGenericMethod(fake.GetType()).Invoke(null, [(IEndpointRouteBuilder)web]);
        }

        await web.StartAsync(cancellationToken);
        return new FakeServices(web);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
