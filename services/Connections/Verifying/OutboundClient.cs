using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Verifying;

/// <summary>Asks for the addresses of a host; the operating system does.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>
/// The only way out of this service: no redirects, cookies or proxy; at the moment of connecting, a name that leads into a
/// network of one's own is refused, and the checked address is the one that is used. Only sandboxes may be near.
/// </summary>
internal sealed class OutboundClient : IDisposable
{
    private const int MaxHeaderKilobytes = 16;
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(1);
    private readonly HttpClient _client;
    private readonly ResolveHost _resolve;
    private readonly IReadOnlyList<string> _sandboxes;

    public OutboundClient(ResolveHost resolve, IOptions<ConnectionsOptions> options)
    {
        _resolve = resolve;
        _sandboxes = options.Value.AllowedSandboxHosts;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = ConnectionLifetime,
            ConnectTimeout = options.Value.VerifyTimeout,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            MaxResponseDrainSize = 0,
            ConnectCallback = ConnectAsync,

            // No trace of a request: its address is nobody else's business, and our trace ids are not the vendor's.
            ActivityHeadersPropagator = null,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends, and returns as soon as the headers are there. Throws <see cref="HttpRequestException"/> for every failure on the way.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await _resolve(target.Host, cancellationToken);
        if (addresses.Length == 0 || (!IsSandbox(target) && !addresses.All(PublicAddress.Is)))
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "The host does not lead to a public address.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsSandbox(DnsEndPoint target) =>
        _sandboxes.Any(sandbox => new Uri($"http://{sandbox}/") is var allowed && allowed.IdnHost == target.Host && allowed.Port == target.Port);
}
