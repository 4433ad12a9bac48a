namespace Grpc.Core;

/// <summary>Adds metadata to a call before it starts, such as a bearer token.</summary>
public delegate Task AsyncAuthInterceptor(AuthInterceptorContext context, Metadata metadata);

/// <summary>The call that needs credentials.</summary>
public sealed class AuthInterceptorContext(string serviceUrl, string methodName, CancellationToken cancellationToken = default)
{
    /// <summary>Address of the service, such as "http://127.0.0.1:5103/package.Service".</summary>
    public string ServiceUrl { get; } = serviceUrl;

    public string MethodName { get; } = methodName;

    public CancellationToken CancellationToken { get; } = cancellationToken;
}

/// <summary>Credentials of a single call.</summary>
public abstract class CallCredentials
{
    private protected CallCredentials(AsyncAuthInterceptor applyAsync) => ApplyAsync = applyAsync;

    internal AsyncAuthInterceptor ApplyAsync { get; }

    public static CallCredentials Compose(params CallCredentials[] credentials)
    {
        var parts = credentials.ToArray();
        return FromInterceptor(async (context, metadata) =>
        {
            foreach (var part in parts)
            {
                await part.ApplyAsync(context, metadata).ConfigureAwait(false);
            }
        });
    }

    public static CallCredentials FromInterceptor(AsyncAuthInterceptor interceptor) => new InterceptorCredentials(interceptor);

    private sealed class InterceptorCredentials(AsyncAuthInterceptor interceptor) : CallCredentials(interceptor);
}

/// <summary>How a channel reaches its server, and optionally credentials for every call on it.</summary>
public abstract class ChannelCredentials
{
    private protected ChannelCredentials(bool isSecure, CallCredentials? callCredentials) => (IsSecure, CallCredentials) = (isSecure, callCredentials);

    /// <summary>HTTP/2 without TLS.</summary>
    public static ChannelCredentials Insecure { get; } = new TransportCredentials(isSecure: false, null);

    /// <summary>TLS with the roots of the system.</summary>
    public static ChannelCredentials SecureSsl { get; } = new TransportCredentials(isSecure: true, null);

    internal bool IsSecure { get; }

    internal CallCredentials? CallCredentials { get; }

    public static ChannelCredentials Create(ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        ArgumentNullException.ThrowIfNull(channelCredentials);
        return new TransportCredentials(channelCredentials.IsSecure, callCredentials);
    }

    private sealed class TransportCredentials(bool isSecure, CallCredentials? callCredentials) : ChannelCredentials(isSecure, callCredentials);
}
