using System.Collections.Concurrent;
using CustomerInsights.Rpc.Calling;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>Connections to one server, shared by all calls. Keep it: making one is dear, calls are cheap.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly ConcurrentDictionary<string, Uri> _methodAddresses = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _shutdown = new();
    private bool _isDisposed;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        Address = address;
        Options = options;
        _http = new HttpMessageInvoker(options.HttpHandler ?? CreateHandler(), disposeHandler: options.HttpHandler is null || options.DisposeHttpClient);
        Shutdown = _shutdown.Token;
    }

    internal Uri Address { get; }

    internal GrpcChannelOptions Options { get; }

    internal TimeProvider Time => Options.Time;

    /// <summary>Fires when the channel is disposed, which ends its calls.</summary>
    internal CancellationToken Shutdown { get; }

    /// <param name="address">Such as "http://127.0.0.1:5103" or "https://segments.example.com".</param>
    public static GrpcChannel ForAddress(string address) => ForAddress(new Uri(address));

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <exception cref="ArgumentException">The address isn't absolute HTTP, or the credentials don't fit it.</exception>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"The address '{address}' must begin with http:// or https://.", nameof(address));
        }

        if (channelOptions.Credentials is { } credentials && credentials.IsSecure != (address.Scheme == Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"The channel's credentials don't fit the address '{address}'.", nameof(channelOptions));
        }

        return new GrpcChannel(address, channelOptions);
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

    private static SocketsHttpHandler CreateHandler() => new()
    {
        // A server allows about a hundred calls per connection at a time; more wait unless another one may be opened.
        EnableMultipleHttp2Connections = true,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        KeepAlivePingDelay = TimeSpan.FromSeconds(60),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
    };
}
