using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests;

/// <summary>A client without a gRPC library: full control over bytes and headers.</summary>
internal sealed class RawCall : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly Uri _server;

    public RawCall(Uri server) => _server = server;

    public Dictionary<string, string> Headers { get; } = new() { ["te"] = "trailers" };

    public string ContentType { get; init; } = "application/grpc";

    public string Path { get; init; } = "/grpc.testing.TestService/UnaryCall";

    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray());

    public static byte[] Frame(byte[] payload, byte flag = 0, int? announced = null)
    {
        var frame = new byte[payload.Length + 5];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), announced ?? payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>Sends each chunk in an HTTP/2 frame of its own.</summary>
    public Task<RawResponse> SendAsync(CancellationToken cancellationToken, params byte[][] chunks) => SendAsync(new Chunks(chunks, null), cancellationToken);

    /// <summary>Sends the chunks and leaves the request open.</summary>
    public async Task<RawResponse> SendAndHoldAsync(CancellationToken cancellationToken, params byte[][] chunks)
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var response = await SendAsync(new Chunks(chunks, hold.Task), cancellationToken);
        hold.SetResult();
        return response;
    }

    public void Dispose() => _http.Dispose();

    private async Task<RawResponse> SendAsync(Chunks content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server, Path))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
        };
        content.Headers.TryAddWithoutValidation("content-type", ContentType);
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var isTrailersOnly = response.Headers.Contains("grpc-status");
        var headers = response.Headers.Concat(response.TrailingHeaders).ToDictionary(header => header.Key, header => string.Join(',', header.Value));
        return new RawResponse((int)response.StatusCode, headers, body, isTrailersOnly);
    }

    private sealed class Chunks(byte[][] chunks, Task? hold) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            foreach (var chunk in chunks)
            {
                await stream.WriteAsync(chunk);
                await stream.FlushAsync();
            }

            await (hold ?? Task.CompletedTask);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

internal sealed record RawResponse(int HttpStatus, IReadOnlyDictionary<string, string> Headers, byte[] Body, bool IsTrailersOnly)
{
    public StatusCode? Status => Headers.TryGetValue("grpc-status", out var code) ? (StatusCode)int.Parse(code, null) : null;

    public string? Message => Headers.GetValueOrDefault("grpc-message");
}
