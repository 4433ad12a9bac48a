using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>Calls <see cref="BareEndpoint"/>: posts bytes it has already, and reads what comes into one buffer.</summary>
internal sealed class BareCaller : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseCookies = false, UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri _call;
    private readonly Uri _download;

    public BareCaller(Uri server) => (_call, _download) = (new Uri(server, BareEndpoint.CallPath), new Uri(server, BareEndpoint.DownloadPath));

    /// <summary>One call; tells how many bytes came.</summary>
    public Task<long> CallAsync(byte[] request, int size, byte[] buffer, CancellationToken cancellationToken) => SendAsync(_call, request, 1, size, buffer, cancellationToken);

    /// <summary>One stream; tells how many bytes came.</summary>
    public Task<long> DownloadAsync(byte[] request, int count, int size, CancellationToken cancellationToken) =>
        SendAsync(_download, request, count, size, new byte[BufferSize], cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<long> SendAsync(Uri address, byte[] body, int count, int size, byte[] buffer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation(BareEndpoint.CountHeader, count.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(BareEndpoint.SizeHeader, size.ToString(CultureInfo.InvariantCulture));
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
}
