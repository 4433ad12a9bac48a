using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Reads the headers and trailers of responses.</summary>
internal static class ResponseHead
{
    private const string Ok = "0";

    /// <summary>The status of a response that ends with its headers; null when messages or trailers follow.</summary>
    public static Status? StatusOf(HttpResponseMessage response)
    {
        if (response.Version < HttpVersion.Version20)
        {
            return new Status(StatusCode.Internal, "The server doesn't answer with HTTP/2.");
        }

        if (StatusIn(response.Headers) is { } status)
        {
            return status;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            return StatusMapping.FromHttpStatus(response.StatusCode);
        }

        if (!HeaderNames.IsGrpcContentType(Single(response.Content.Headers, "content-type")))
        {
            return new Status(StatusCode.Unknown, "The response isn't gRPC: its content type is wrong.");
        }

        return MessageDecoder.Supports(EncodingOf(response)) ? null : new Status(StatusCode.Internal, "The response's encoding isn't supported.");
    }

    public static string? EncodingOf(HttpResponseMessage response) => Single(response.Headers, HeaderNames.Encoding);

    /// <summary>The status and the trailers of a response that has been read to its end.</summary>
    public static (Status Status, Metadata Trailers) EndOf(HttpResponseMessage response)
    {
        var trailers = response.TrailingHeaders;
        if (trailers.NonValidated.Count == 1 && Single(trailers, HeaderNames.Status) == Ok)
        {
            // Most calls end like this, and then the trailers needn't be read one by one.
            return (Status.DefaultSuccess, Metadata.Empty);
        }

        var status = StatusIn(trailers) ?? new Status(StatusCode.Unknown, "The response has no gRPC status.");
        return (status, MetadataHeaders.Read(trailers, leavesOutUnreadable: true));
    }

    /// <summary>The status among the headers or trailers, or null when there is none.</summary>
    private static Status? StatusIn(HttpResponseHeaders headers)
    {
        if (Single(headers, HeaderNames.Status) is not { } text)
        {
            return null;
        }

        var isKnown = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code <= (int)StatusCode.Unauthenticated;
        var message = StatusMessage.Decode(Single(headers, HeaderNames.Message) ?? "");
        return isKnown ? new Status((StatusCode)code, message) : new Status(StatusCode.Unknown, $"The server ended the call with the unknown status '{text}'. {message}");
    }

    /// <summary>The value of a header that comes once. Sent twice the values are joined, which makes sense to nobody.</summary>
    private static string? Single(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) && values.Count > 0 ? values.ToString() : null;
}
