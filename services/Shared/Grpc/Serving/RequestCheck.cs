using System.Globalization;
using CustomerInsights.Rpc.Web;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Turns away requests that aren't gRPC.</summary>
internal static class RequestCheck
{
    /// <summary>False when the request is answered already.</summary>
    public static bool Accepts(HttpContext http)
    {
        if (!HeaderNames.IsGrpcContentType(http.Request.ContentType))
        {
            if (http.Features.Get<WebCall>() is { } web)
            {
                http.Response.ContentType = web.ContentType;
                return true;
            }

            Refuse(http, StatusCodes.Status415UnsupportedMediaType, "The content type must be application/grpc.");
            return false;
        }

        if (http.Request.Protocol != HttpProtocol.Http2 && http.Request.Protocol != HttpProtocol.Http3)
        {
            Refuse(http, StatusCodes.Status426UpgradeRequired, "gRPC needs HTTP/2.");
            return false;
        }

        http.Response.ContentType = HeaderNames.ContentType;
        return true;
    }

    private static void Refuse(HttpContext http, int httpStatus, string text)
    {
        http.Response.StatusCode = httpStatus;
        http.Response.Headers.GrpcStatus = ((int)StatusCode.Internal).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.GrpcMessage = StatusMessage.Encode(text);
    }
}
