using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>The two ports of a process: HTTP/2 without TLS for gRPC, HTTP/1.1 for probes. One Kestrel serves both.</summary>
internal sealed class Ports : IAsyncDisposable
{
    private readonly BoundSocket _grpc;
    private readonly BoundSocket _http;
    private KestrelServer? _server;

    public Ports(ListenAddresses addresses)
    {
        _grpc = new BoundSocket("Listen:Grpc", addresses.Grpc);
        _http = new BoundSocket("Listen:Http", addresses.Http);
    }

    public IPEndPoint Grpc => _grpc.Address;

    public IPEndPoint Http => _http.Address;

    public Task OpenAsync(FrontApplication application, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MinRequestBodyDataRate = null;
        options.Listen(Grpc, listen => listen.Protocols = HttpProtocols.Http2);
        options.Listen(Http, listen => listen.Protocols = HttpProtocols.Http1);
        var transport = new SocketTransportOptions { CreateBoundListenSocket = address => (address.Equals(Grpc) ? _grpc : _http).Take() };
        _server = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(transport), loggers), loggers);
        return _server.StartAsync(application, cancellationToken);
    }

    /// <summary>Takes no new connection, tells clients to go elsewhere, and waits for the calls that are running.</summary>
    public Task CloseAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _server?.Dispose();
        _grpc.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
