using System.Net;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>
/// Calls <see cref="BareEndpoint"/>: posts bytes it has already, with the headers that gRPC has, and reads what comes into one
/// buffer.
/// </summary>
internal sealed class BareCaller : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseCookies = false, UseProxy = false, AllowAutoRedirect = false });

    /// <summary>One call or stream; tells how many bytes came.</summary>
    public async Task<long> SendAsync(Uri address, byte[] body, byte[] buffer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new BareContent(body),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity,gzip");
        request.Headers.TryAddWithoutValidation("user-agent", "grpc-customerinsights/0.1.0 (.NET 10.0.0)");
        using var response = await _http.SendAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var total = 0L;
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            total += read;
        }

        return total;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Has no content-length on the wire, as gRPC has none.</summary>
    private sealed class BareContent(byte[] body) : ByteArrayContent(body)
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
