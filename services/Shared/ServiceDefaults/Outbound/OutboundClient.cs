using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Outbound;

/// <summary>Asks for the addresses of a host; the operating system does.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>Where a service may call outside services.</summary>
/// <param name="SandboxHosts">Hosts with port that stand in for a vendor: they may be near, and alone are reached by plain HTTP.</param>
/// <param name="ConnectTimeout">How long connecting may take.</param>
public sealed record OutboundRules(IReadOnlyList<string> SandboxHosts, TimeSpan ConnectTimeout)
{
    /// <summary>
    /// Whether requests may go to an address at all: by HTTPS and not to a number that is nobody's public one, or to a sandbox.
    /// Where a name leads is only known when connecting.
    /// </summary>
    public bool Permit(Uri address) =>
        address.IsAbsoluteUri
        && address.UserInfo.Length == 0
        && (IsSandbox(address.IdnHost, address.Port)
            ? address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp
            : address.Scheme == Uri.UriSchemeHttps && !(IPAddress.TryParse(address.IdnHost, out var number) && !PublicAddress.Is(number)));

    /// <summary>What is wrong with hosts of a setting AllowedSandboxHosts.</summary>
    /// <param name="section">Section of the setting.</param>
    public static IEnumerable<ValidationResult> CheckSandboxHosts(string section, IEnumerable<string> hosts) => hosts
        .Where(host => !Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var uri) || uri.Authority != host)
        .Select(host => new ValidationResult($"{section}:AllowedSandboxHosts must hold hosts such as \"127.0.0.1:5090\"; \"{host}\" is none.", ["AllowedSandboxHosts"]));

    internal bool IsSandbox(string host, int port) =>
        SandboxHosts.Any(sandbox => Uri.TryCreate($"http://{sandbox}/", UriKind.Absolute, out var allowed) && allowed.IdnHost == host && allowed.Port == port);
}

/// <summary>
/// The only way out to services of others: no redirects, cookies or proxy; at the moment of connecting, a name that leads into a
/// network of one's own is refused, and the checked address is the one that is used. Only sandboxes may be near.
/// </summary>
public sealed class OutboundClient : IDisposable
{
    private const int MaxHeaderKilobytes = 16;
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(1);
    private readonly HttpClient _client;
    private readonly ResolveHost _resolve;
    private readonly OutboundRules _rules;

    public OutboundClient(ResolveHost resolve, OutboundRules rules)
    {
        _resolve = resolve;
        _rules = rules;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = ConnectionLifetime,
            ConnectTimeout = rules.ConnectTimeout,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            MaxResponseDrainSize = 0,
            ConnectCallback = ConnectAsync,

            // OutboundSpan tells of a request: its address is nobody else's business, and our trace ids are not the vendor's.
            ActivityHeadersPropagator = null,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends, and returns as soon as the headers are there. Throws <see cref="HttpRequestException"/> for every failure on the way.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.RequestUri is { } address && _rules.Permit(address)
            ? OutboundSpan.SendAsync(request, "", (sent, token) => _client.SendAsync(sent, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken)
            : Task.FromException<HttpResponseMessage>(new HttpRequestException(HttpRequestError.ConnectionError, "The address is neither HTTPS nor a sandbox that is allowed."));

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await _resolve(target.Host, cancellationToken);
        if (addresses.Length == 0 || (!_rules.IsSandbox(target.Host, target.Port) && !addresses.All(PublicAddress.Is)))
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
}

/// <summary>Registers the way out.</summary>
public static class OutboundComposition
{
    /// <param name="rules">Where it may lead.</param>
    public static IServiceCollection AddOutbound(this IServiceCollection services, Func<IServiceProvider, OutboundRules> rules) => services
        .AddSingleton<ResolveHost>(Dns.GetHostAddressesAsync)
        .AddSingleton(rules)
        .AddSingleton<OutboundClient>();
}
