using System.Collections.Concurrent;
using System.Net;
using CustomerInsights.Rpc.Balancing;
using CustomerInsights.Rpc.Calling;

namespace Grpc.Net.Client;

/// <summary>Connections to one server, or to all servers behind one name, shared by all calls. Keep it: making one is dear, calls are cheap.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    /// <summary>What a stream may send ahead of its reader, in bytes.</summary>
    internal const int StreamWindow = 512 * 1024;

    private const string DnsScheme = "dns";
    private const double ReconnectFactor = 1.6;

    /// <summary>Connections to servers that a name no longer stands for aren't kept for ever.</summary>
    private static readonly TimeSpan BalancedIdleTimeout = TimeSpan.FromMinutes(5);

    private readonly HttpMessageInvoker _http;
    private readonly ConcurrentDictionary<string, Uri> _methodAddresses = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _shutdown = new();
    private bool _isDisposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options, bool isBalanced)
        : base(address.Authority)
    {
        Address = address;
        Port = address.Port;
        Options = options;
        RetryPolicies = options.ServiceConfig is { } config ? new RetryPolicies(config) : null;
        Reconnecting = new Backoff(options.InitialReconnectBackoff, options.MaxReconnectBackoff, ReconnectFactor);
        var handler = options.HttpHandler ?? CreateHandler(isBalanced ? BalancedIdleTimeout : Timeout.InfiniteTimeSpan);
        _http = new HttpMessageInvoker(
            isBalanced ? new BalancingHandler(handler, new ResolvedAddresses(new DnsEndPoint(address.IdnHost, address.Port), options, Reconnecting)) : handler,
            disposeHandler: options.HttpHandler is null || options.DisposeHttpClient);
        Shutdown = _shutdown.Token;
    }

    /// <summary>The HTTP address; that of a name when there are several servers behind it.</summary>
    internal Uri Address { get; }

    /// <summary>The port, boxed for telemetry.</summary>
    internal object Port { get; }

    internal RetryPolicies? RetryPolicies { get; }

    internal Backoff Reconnecting { get; }

    internal GrpcChannelOptions Options { get; }

    internal TimeProvider Time => Options.Time;

    /// <summary>Fires when the channel is disposed, which ends its calls.</summary>
    internal CancellationToken Shutdown { get; }

    /// <param name="address">
    /// Such as "http://127.0.0.1:5103" or "https://segments.example.com"; "dns:///segments:5103" takes turns among all
    /// addresses of the name and needs credentials, which say whether to use TLS.
    /// </param>
    public static GrpcChannel ForAddress(string address) => ForAddress(new Uri(address));

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <exception cref="ArgumentException">The address makes no sense, the credentials don't fit it, a back-off isn't above zero, or the service config has errors.</exception>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(channelOptions.InitialReconnectBackoff, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(channelOptions.MaxReconnectBackoff, TimeSpan.Zero);
        var isBalanced = address.IsAbsoluteUri && address.Scheme == DnsScheme;
        var http = isBalanced ? HttpAddressOf(address, channelOptions.Credentials) : address;
        if (!http.IsAbsoluteUri || (http.Scheme != Uri.UriSchemeHttp && http.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"The address '{address}' must begin with http://, https:// or dns:///.", nameof(address));
        }

        if (channelOptions.Credentials is { } credentials && credentials.IsSecure != (http.Scheme == Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"The channel's credentials don't fit the address '{address}'.", nameof(channelOptions));
        }

        return new GrpcChannel(http, channelOptions, isBalanced);
    }

    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new ChannelCallInvoker(this);
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _shutdown.Cancel();
            _shutdown.Dispose();
            _http.Dispose();
        }
    }

    internal Uri AddressOf(IMethod method) => _methodAddresses.GetOrAdd(method.FullName, static (path, address) => new Uri(address, path), Address);

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _http.SendAsync(request, cancellationToken);
    }

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    private static Uri HttpAddressOf(Uri dns, ChannelCredentials? credentials) =>
        credentials is not null && dns.Host.Length == 0
        && Uri.TryCreate($"{(credentials.IsSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp)}://{dns.AbsolutePath.TrimStart('/')}", UriKind.Absolute, out var http)
        && http.PathAndQuery == "/"
            ? http
            : throw new ArgumentException($"The address '{dns}' must be like dns:///segments:5103, and needs credentials that say whether to use TLS.", nameof(dns));

    private static SocketsHttpHandler CreateHandler(TimeSpan idleTimeout) => new()
    {
        // A server allows about a hundred calls per connection at a time; more wait unless another one may be opened.
        EnableMultipleHttp2Connections = true,

        // With the transport's own 64 KiB a stream of large messages stops for every one of them until the transport has found
        // out that more would do no harm.
        InitialHttp2StreamWindowSize = StreamWindow,
        PooledConnectionIdleTimeout = idleTimeout,
        KeepAlivePingDelay = TimeSpan.FromSeconds(60),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
    };
}
