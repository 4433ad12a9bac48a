using System.Net.Sockets;
using CustomerInsights.TestKit.Sidecar.Proxying;
using CustomerInsights.TestKit.Sidecar.Publishing;
using Dapr.Runtime.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>A sidecar's way to its app: looks for its port, asks how it is, calls it.</summary>
internal sealed class AppChannel : IDisposable
{
    private static readonly TimeSpan BetweenDials = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BeforeFirstRetry = TimeSpan.FromMilliseconds(500);
    private const int InitializationTries = 3;

    private readonly SidecarOptions _options;
    private readonly Uri _address;
    private readonly GrpcChannel _channel;
    private readonly AppCallback.AppCallbackClient _callback;
    private readonly AppCallbackHealthCheck.AppCallbackHealthCheckClient _health;

    public AppChannel(SidecarOptions options, Uri address)
    {
        (_options, _address) = (options, address);
        _channel = GrpcChannel.ForAddress(
            address,
            new GrpcChannelOptions
            {
                HttpHandler = new ProxiedContentType(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false, UseCookies = false }),
                DisposeHttpClient = true,
                MaxReceiveMessageSize = options.MaxBodyBytes,
                MaxSendMessageSize = options.MaxBodyBytes,
            });
        Invoker = _channel.CreateCallInvoker();
        _callback = new AppCallback.AppCallbackClient(Invoker);
        _health = new AppCallbackHealthCheck.AppCallbackHealthCheckClient(Invoker);
    }

    public CallInvoker Invoker { get; }

    /// <summary>Whether calls and events may go there.</summary>
    public bool IsHealthy { get; private set; }

    /// <summary>Waits until something listens at the app's port: nothing but that is asked of it.</summary>
    public async Task WaitForPortAsync(CancellationToken cancellationToken)
    {
        while (!await DialAsync(cancellationToken))
        {
            await Task.Delay(BetweenDials, _options.Time, cancellationToken);
        }

        IsHealthy = _options.AppHealth is null;
    }

    /// <summary>Follows how the app is, for as long as the token allows.</summary>
    /// <param name="changed">Told of each change, and done with one before the next.</param>
    public async Task WatchAsync(Func<bool, Task> changed, CancellationToken cancellationToken)
    {
        if (_options.AppHealth is not { } check)
        {
            await changed(true);
            return;
        }

        for (var failures = 0; ; await Task.Delay(check.Interval, _options.Time, cancellationToken))
        {
            failures = await IsWellAsync(check, cancellationToken) ? 0 : failures + 1;
            if (IsHealthy ? failures >= check.Threshold : failures == 0)
            {
                IsHealthy = !IsHealthy;
                await changed(IsHealthy);
            }
        }
    }

    /// <summary>What the app subscribes to; nothing when it does not say. Asked without the app's token.</summary>
    public async Task<IReadOnlyList<SidecarSubscription>> ListSubscriptionsAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var listed = await _callback.ListTopicSubscriptionsAsync(new Empty(), cancellationToken: cancellationToken);
                return [.. listed.Subscriptions.Select(Read)];
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unimplemented || (attempt > InitializationTries && !cancellationToken.IsCancellationRequested))
            {
                return [];
            }
            catch (RpcException) when (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(BeforeFirstRetry * attempt, _options.Time, cancellationToken);
            }
        }
    }

    /// <summary>Hands one event to the app.</summary>
    /// <exception cref="RpcException">The app refused or could not be reached.</exception>
    public async Task<TopicEventResponse> DeliverAsync(TopicEventRequest request, TraceContext trace, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var headers = new Metadata { { "traceparent", trace.Parent }, { "grpc-trace-bin", trace.ToBytes() } };
        foreach (var (name, value) in metadata.Where(pair => IsSendable(pair.Key, pair.Value)))
        {
            headers.Add(name, value);
        }

        if (_options.AppToken is { } token)
        {
            headers.Add(ProxyEndpoint.TokenHeader, token);
        }

        return await _callback.OnTopicEventAsync(request, headers, cancellationToken: cancellationToken);
    }

    public void Dispose() => _channel.Dispose();

    private static SidecarSubscription Read(TopicSubscription listed)
    {
        var routes = (listed.Routes?.Rules ?? []).Select(rule => new SidecarRoute(rule.Match, rule.Path)).ToList();
        if (listed.Routes?.Default is { Length: > 0 } otherwise)
        {
            routes.Add(new SidecarRoute("", otherwise));
        }

        return new SidecarSubscription
        {
            PubSub = listed.PubsubName,
            Topic = listed.Topic,
            Routes = routes.Count > 0 ? routes : [new SidecarRoute("", "")],
            DeadLetterTopic = listed.DeadLetterTopic,
            Metadata = new Dictionary<string, string>(listed.Metadata),
        };
    }

    private static bool IsSendable(string name, string value) =>
        name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.') && !name.EndsWith("-bin", StringComparison.OrdinalIgnoreCase)
        && !value.Any(character => character is < ' ' or > '~');

    private async Task<bool> DialAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(_address.Host, _address.Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Any error means ill, also that the app does not know the question.
    private async Task<bool> IsWellAsync(AppHealthCheck check, CancellationToken cancellationToken)
    {
        try
        {
            using var timeout = new CancellationTokenSource(check.Timeout, _options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            await _health.HealthCheckAsync(new Empty(), cancellationToken: either.Token);
            return true;
        }
        catch (RpcException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }
}
