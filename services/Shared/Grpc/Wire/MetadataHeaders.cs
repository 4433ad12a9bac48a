using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CustomerInsights.Rpc.Wire;

/// <summary>Turns metadata into headers and back.</summary>
internal static class MetadataHeaders
{
    /// <summary>Request headers that belong to the protocol, not to the application.</summary>
    private static readonly HashSet<string> HiddenFromServer = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Encoding, HeaderNames.AcceptEncoding, HeaderNames.Timeout, "content-encoding", "content-type", "te", "host", "accept-encoding",
    };

    private static readonly HashSet<string> HiddenFromClient = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Encoding, HeaderNames.AcceptEncoding, HeaderNames.Status, HeaderNames.Message,
    };

    /// <summary>What only the protocol may set.</summary>
    private static readonly HashSet<string> Reserved = new(HiddenFromServer.Union(HiddenFromClient), StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.RequestEncodingChoice,
    };

    /// <exception cref="RpcException">A binary value isn't base64.</exception>
    public static Metadata Read(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(':') || HiddenFromServer.Contains(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                Add(metadata, name, value ?? "", leavesOutUnreadable: false);
            }
        }

        return metadata;
    }

    /// <exception cref="RpcException">A binary value isn't base64, and isn't left out.</exception>
    public static Metadata Read(HttpResponseHeaders headers, bool leavesOutUnreadable = false)
    {
        // Most trailers are nothing but the status.
        Metadata? metadata = null;
        foreach (var (name, values) in headers.NonValidated)
        {
            if (HiddenFromClient.Contains(name))
            {
                continue;
            }

            metadata ??= [];
            foreach (var value in values)
            {
                Add(metadata, name, value, leavesOutUnreadable);
            }
        }

        return metadata ?? Metadata.Empty;
    }

    public static void Write(Metadata metadata, HttpRequestHeaders headers)
    {
        foreach (var entry in metadata)
        {
            if (!Reserved.Contains(entry.Key))
            {
                headers.TryAddWithoutValidation(entry.Key, Text(entry));
            }
        }
    }

    public static void Write(Metadata metadata, IHeaderDictionary headers)
    {
        foreach (var entry in metadata)
        {
            if (!Reserved.Contains(entry.Key))
            {
                headers[entry.Key] = StringValues.Concat(headers[entry.Key], Text(entry));
            }
        }
    }

    private static string Text(Metadata.Entry entry) => entry.IsBinary ? Convert.ToBase64String(entry.Bytes).TrimEnd('=') : entry.Value;

    private static void Add(Metadata metadata, string name, string value, bool leavesOutUnreadable)
    {
        var key = name.ToLowerInvariant();
        if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.Ordinal))
        {
            metadata.Add(Metadata.Entry.Received(key, value));
            return;
        }

        // Peers and proxies may join values of one key by commas.
        foreach (var part in value.AsSpan().Split(','))
        {
            if (FromBase64(value.AsSpan(part).Trim()) is { } bytes)
            {
                metadata.Add(Metadata.Entry.Received(key, bytes));
            }
            else if (!leavesOutUnreadable)
            {
                throw new RpcException(new Status(StatusCode.Internal, $"The value of {key} isn't base64."));
            }
        }
    }

    private static byte[]? FromBase64(ReadOnlySpan<char> text)
    {
        var unpadded = text.TrimEnd('=');
        var padded = string.Concat(unpadded, "==".AsSpan(0, (4 - (unpadded.Length % 4)) % 4 % 3));
        var bytes = new byte[padded.Length / 4 * 3];
        return unpadded.Length % 4 != 1 && Convert.TryFromBase64String(padded, bytes, out var length) ? bytes[..length] : null;
    }
}
