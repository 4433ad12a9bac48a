using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// The ports of a process: one for gRPC over HTTP/2, one for HTTP/1.1, both with TLS when there is a certificate. Then a
/// third one without TLS, which only this machine reaches, is where the services of the process meet. One Kestrel serves all.
/// </summary>
internal sealed class Ports : IAsyncDisposable
{
    private readonly ListenAddresses _addresses;
    private readonly BoundSocket _grpc;
    private readonly BoundSocket _http;
    private readonly BoundSocket? _within;
    private WebApplication? _kestrel;
    private IServer? _server;

    public Ports(ListenAddresses addresses)
    {
        _addresses = addresses;
        _grpc = new BoundSocket("Listen:Grpc", addresses.Grpc);
        _http = new BoundSocket("Listen:Http", addresses.Http);
        _within = addresses.Certificate is null ? null : new BoundSocket("Listen:Certificate", new IPEndPoint(IPAddress.Loopback, 0));
    }

    public IPEndPoint Grpc => _grpc.Address;

    public IPEndPoint Http => _http.Address;

    /// <summary>Where the process calls itself, without TLS.</summary>
    public IPEndPoint Within => (_within ?? _grpc).Address;

    public Task OpenAsync(FrontApplication application, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        // Only an application's container has what Kestrel's TLS wants; this one has nothing else.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => Configure(options, loggers.CreateLogger<ServerCertificate>()));
        builder.WebHost.UseSockets(transport => transport.CreateBoundListenSocket = address => Take((IPEndPoint)address));
        _kestrel = builder.Build();
        _server = _kestrel.Services.GetRequiredService<IServer>();
        return _server.StartAsync(application, cancellationToken);
    }

    /// <summary>Takes no new connection, tells clients to go elsewhere, and waits for the calls that are running.</summary>
    public Task CloseAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_kestrel is not null)
        {
            await _kestrel.DisposeAsync();
        }

        _grpc.Dispose();
        _http.Dispose();
        _within?.Dispose();
    }

    private void Configure(KestrelServerOptions options, ILogger log)
    {
        options.AddServerHeader = false;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.Http2.KeepAlivePingDelay = _addresses.KeepAlive;
        options.Limits.Http2.KeepAlivePingTimeout = _addresses.KeepAliveTimeout;
        if (_addresses.Certificate is not { } certificate)
        {
            options.Listen(Grpc, listen => listen.Protocols = HttpProtocols.Http2);
            options.Listen(Http, listen => listen.Protocols = HttpProtocols.Http1);
            return;
        }

        var tls = new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current(log) }),
        };
        options.Listen(Within, listen => listen.Protocols = HttpProtocols.Http2);
        options.Listen(Grpc, listen => Secure(listen, HttpProtocols.Http2, tls));

        // A browser opens few connections to a server, and one of HTTP/2, which it speaks with TLS only, carries many calls.
        options.Listen(Http, listen => Secure(listen, HttpProtocols.Http1AndHttp2, tls));
    }

    private static void Secure(ListenOptions listen, HttpProtocols protocols, TlsHandshakeCallbackOptions tls)
    {
        listen.Protocols = protocols;
        listen.UseHttps(tls);
    }

    private System.Net.Sockets.Socket Take(IPEndPoint address) =>
        (address.Equals(Grpc) ? _grpc : address.Equals(Http) ? _http : _within!).Take();
}
