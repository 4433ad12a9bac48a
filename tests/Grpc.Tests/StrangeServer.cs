using System.Net;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Tests;

/// <summary>A server without a gRPC library, for answers that no good server gives.</summary>
internal sealed class StrangeServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private StrangeServer(WebApplication application, GrpcChannelOptions? options)
    {
        _application = application;
        Address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Channel = GrpcChannel.ForAddress(Address, options ?? new GrpcChannelOptions());
    }

    public Uri Address { get; }

    public GrpcChannel Channel { get; }

    public TestService.TestServiceClient Client => new(Channel);

    public static async Task<StrangeServer> StartAsync(RequestDelegate answer, GrpcChannelOptions? options = null, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new StrangeServer(application, options);
    }

    /// <summary>A response with these bytes and, unless null, this status in the trailers.</summary>
    public static RequestDelegate Answering(byte[] body, int? status, string contentType = "application/grpc", string? encoding = null) => async http =>
    {
        http.Response.ContentType = contentType;
        if (encoding is not null)
        {
            http.Response.Headers["grpc-encoding"] = encoding;
        }

        await http.Response.Body.WriteAsync(body);
        if (status is not null)
        {
            http.Response.AppendTrailer("grpc-status", status.ToString());
        }
    };

    public Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _application.DisposeAsync();
    }
}
