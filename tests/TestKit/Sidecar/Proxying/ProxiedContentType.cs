using System.Net.Http.Headers;

namespace CustomerInsights.TestKit.Sidecar.Proxying;

/// <summary>Sends calls with the content type by which a sidecar reaches its app.</summary>
internal sealed class ProxiedContentType(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly MediaTypeHeaderValue Type = new("application/grpc+proto");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Content!.Headers.ContentType = Type;
        return base.SendAsync(request, cancellationToken);
    }
}
