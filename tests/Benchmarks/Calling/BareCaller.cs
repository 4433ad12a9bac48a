using System.Buffers;
using System.Net;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>
/// Calls <see cref="BareEndpoint"/>: posts bytes it has already, with the headers and the window that our gRPC has, and reads what comes into
/// one buffer.
/// </summary>
internal sealed class BareCaller : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = 512 * 1024,
        UseCookies = false,
        UseProxy = false,
        AllowAutoRedirect = false,
    });

    /// <summary>One call or stream, read piece by piece of at most so many bytes; tells how many bytes came.</summary>
    public async Task<long> SendAsync(Uri address, byte[] body, int bufferSize, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
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
        while ((read = await stream.ReadAsync(buffer.AsMemory(0, bufferSize), cancellationToken)) > 0)
        {
            total += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
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
