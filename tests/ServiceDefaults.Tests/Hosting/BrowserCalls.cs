using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>Calls by gRPC-Web over HTTP/1.1, as a browser would.</summary>
internal static class BrowserCalls
{
    private const byte TrailersFlag = 0x80;

    /// <summary>The request of a call, to be changed and sent.</summary>
    /// <param name="path">Such as "/package.Service/Method".</param>
    /// <param name="message">What the call asks.</param>
    /// <param name="token">A bearer token; null for none.</param>
    public static HttpRequestMessage Request(string path, IMessage message, string? token = null)
    {
        var payload = message.ToByteArray();
        var body = new byte[payload.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), payload.Length);
        payload.CopyTo(body, 5);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/grpc-web+proto");
        request.Headers.Authorization = token is null ? null : new("Bearer", token);
        return request;
    }

    /// <summary>What a browser asks before it sends a call of a page of another origin.</summary>
    public static HttpRequestMessage Preflight(string path, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("origin", origin);
        request.Headers.Add("access-control-request-method", "POST");
        request.Headers.Add("access-control-request-headers", "authorization,content-type,grpc-timeout,x-custom,x-grpc-web");
        return request;
    }

    public static async Task<BrowserAnswer> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(request, cancellationToken);
        var headers = response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase);
        var messages = new List<byte[]>();
        var rest = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        while (response.Content.Headers.ContentType?.MediaType?.StartsWith("application/grpc-web", StringComparison.Ordinal) == true && rest.Length > 0)
        {
            var end = 5 + BinaryPrimitives.ReadInt32BigEndian(rest.AsSpan(1));
            if (rest[0] == TrailersFlag)
            {
                foreach (var line in Encoding.UTF8.GetString(rest[5..end]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
                {
                    headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
                }
            }
            else
            {
                messages.Add(rest[5..end]);
            }

            rest = rest[end..];
        }

        return new BrowserAnswer((int)response.StatusCode, headers, messages);
    }
}

/// <summary>An answer with its headers and trailers in one.</summary>
internal sealed record BrowserAnswer(int HttpStatus, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<byte[]> Messages)
{
    public StatusCode? Status => this["grpc-status"] is { } code ? (StatusCode)int.Parse(code, null) : null;

    public string? this[string name] => Headers.GetValueOrDefault(name);
}
