using System.Net;
using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Makes the headers of requests.</summary>
internal static class RequestHead
{
    private static readonly string UserAgent =
        $"grpc-customerinsights/{typeof(RequestHead).Assembly.GetName().Version?.ToString(3)} (.NET {Environment.Version})";

    public static HttpRequestMessage Create(Uri address, string? host, TimeSpan? timeout, HttpContent content, bool isCompressed)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        var headers = request.Headers;
        if (host is not null)
        {
            headers.Host = host;
        }

        headers.TryAddWithoutValidation("te", "trailers");
        if (timeout is { } time)
        {
            headers.TryAddWithoutValidation(HeaderNames.Timeout, GrpcTimeout.Encode(time));
        }

        if (isCompressed)
        {
            headers.TryAddWithoutValidation(HeaderNames.Encoding, HeaderNames.Gzip);
        }

        headers.TryAddWithoutValidation(HeaderNames.AcceptEncoding, HeaderNames.SupportedEncodings);
        headers.TryAddWithoutValidation("user-agent", UserAgent);
        return request;
    }

    /// <exception cref="RpcException">The credentials can't be made, or would travel in the open.</exception>
    public static async Task AddCredentialsAsync(
        HttpRequestMessage request, CallCredentials credentials, GrpcChannel channel, IMethod method, CancellationToken cancellationToken)
    {
        if (channel.Address.Scheme != Uri.UriSchemeHttps && !channel.Options.UnsafeUseInsecureChannelCallCredentials)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "Credentials of calls need TLS."));
        }

        var metadata = new Metadata();
        try
        {
            var serviceUrl = new Uri(channel.Address, method.ServiceName).AbsoluteUri;
            await credentials.ApplyAsync(new AuthInterceptorContext(serviceUrl, method.Name, cancellationToken), metadata).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not RpcException && !cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "The credentials of the call can't be made.", exception));
        }

        MetadataHeaders.Write(metadata, request.Headers);
    }
}
