using System.Net;
using System.Net.Sockets;

namespace CustomerInsights.Rpc.Wire;

/// <summary>Statuses for what ends a call without a gRPC status.</summary>
internal static class StatusMapping
{
    public static Status FromHttpStatus(HttpStatusCode status)
    {
        var code = (int)status switch
        {
            400 or 431 or (>= 100 and < 200) => StatusCode.Internal,
            401 => StatusCode.Unauthenticated,
            403 => StatusCode.PermissionDenied,
            404 => StatusCode.Unimplemented,
            429 or 502 or 503 or 504 => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        };
        return new Status(code, $"The response has no gRPC status; its HTTP status is {(int)status}.");
    }

    /// <summary>Whether there was no connection, so that nothing was sent.</summary>
    public static bool IsConnectFailure(Exception exception) => exception
        is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
        or OperationCanceledException { InnerException: TimeoutException };

    /// <summary>What HttpClient threw because the transport failed.</summary>
    public static Status FromException(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is HttpProtocolException protocol)
            {
                return new Status(FromHttp2Error(protocol.ErrorCode), $"The call was reset with HTTP/2 error {protocol.ErrorCode}.", exception);
            }
        }

        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is SocketException or IOException || IsConnectFailure(current))
            {
                var kind = current is HttpRequestException request ? request.HttpRequestError.ToString() : current.GetType().Name;
                return new Status(StatusCode.Unavailable, $"The server can't be reached or the connection broke: {kind}.", exception);
            }
        }

        return new Status(StatusCode.Internal, $"The call failed: {exception.GetType().Name}.", exception);
    }

    private static StatusCode FromHttp2Error(long error) => error switch
    {
        // STREAM_CLOSED has no meaning of its own in the table.
        0x5 => StatusCode.Unknown,
        0x7 => StatusCode.Unavailable,
        0x8 => StatusCode.Cancelled,
        0xb => StatusCode.ResourceExhausted,
        0xc => StatusCode.PermissionDenied,
        (>= 0x0 and <= 0xa) or 0xd => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };
}
