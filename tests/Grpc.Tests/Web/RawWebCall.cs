using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Web;

/// <summary>A gRPC-Web client without a library: bytes and headers as the test says.</summary>
internal sealed class RawWebCall : IDisposable
{
    public const string Binary = "application/grpc-web+proto";
    public const string Text = "application/grpc-web-text+proto";
    public const string Unary = "/grpc.testing.TestService/UnaryCall";
    public const string Down = "/grpc.testing.TestService/StreamingOutputCall";

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly HttpRequestMessage _request;

    public RawWebCall(Uri server, string path = Unary, Version? version = null) => _request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
    {
        Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public string ContentType { get; init; } = Binary;

    public HttpRequestHeaders Headers => _request.Headers;

    /// <summary>Sends the body as it is.</summary>
    public async Task<WebAnswer> SendAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var response = await SendForHeadersAsync(body, cancellationToken);
        return new WebAnswer(response, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    /// <summary>Sends the body and returns as soon as headers come.</summary>
    public Task<HttpResponseMessage> SendForHeadersAsync(byte[] body, CancellationToken cancellationToken)
    {
        _request.Content = new ByteArrayContent(body);
        _request.Content.Headers.TryAddWithoutValidation("content-type", ContentType);
        return _http.SendAsync(_request, cancellationToken);
    }

    /// <summary>The body in base64, one padded piece after the other.</summary>
    public static byte[] InBase64(params byte[][] pieces) => Encoding.ASCII.GetBytes(string.Concat(pieces.Select(Convert.ToBase64String)));

    /// <summary>Decodes what may have padding anywhere.</summary>
    public static byte[] FromBase64(byte[] text) => [.. Encoding.ASCII.GetString(text).Chunk(4).SelectMany(group => Convert.FromBase64String(new string(group)))];

    public void Dispose()
    {
        _request.Dispose();
        _http.Dispose();
    }
}

/// <summary>An answer, taken apart.</summary>
internal sealed class WebAnswer
{
    private const byte TrailersFlag = 0x80;
    private readonly Dictionary<string, string> _headers;

    public WebAnswer(HttpResponseMessage response, byte[] body)
    {
        HttpStatus = (int)response.StatusCode;
        ContentType = response.Content.Headers.ContentType?.ToString();
        _headers = response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        IsTrailersOnly = body.Length == 0;
        var rest = ContentType?.Contains("text", StringComparison.Ordinal) == true ? RawWebCall.FromBase64(body) : body;
        while (rest.Length > 0)
        {
            var end = 5 + BinaryPrimitives.ReadInt32BigEndian(rest.AsSpan(1));
            if (rest[0] == TrailersFlag)
            {
                Assert.That(TrailerBlock, Is.Null, "nothing follows the trailers");
                TrailerBlock = Encoding.UTF8.GetString(rest[5..end]);
            }
            else
            {
                Assert.That(TrailerBlock, Is.Null, "nothing follows the trailers");
                Messages.Add(rest[5..end]);
            }

            rest = rest[end..];
        }
    }

    public int HttpStatus { get; }

    public string? ContentType { get; }

    public bool IsTrailersOnly { get; }

    /// <summary>The trailers as they came.</summary>
    public string? TrailerBlock { get; }

    public List<byte[]> Messages { get; } = [];

    public StatusCode? Status => this["grpc-status"] is { } code ? (StatusCode)int.Parse(code, null) : null;

    /// <summary>A trailer, or a header when there are no trailers.</summary>
    public string? this[string name] => TrailerBlock is null
        ? _headers.GetValueOrDefault(name)
        : TrailerBlock.Split("\r\n").Where(line => line.StartsWith($"{name}: ", StringComparison.Ordinal)).Select(line => line[(name.Length + 2)..]).FirstOrDefault();

    public string? Header(string name) => _headers.GetValueOrDefault(name);
}
